/** What is followed. Written as the server's documents are: `npm run generate` makes their types. */
export const FOLLOW = /* GraphQL */ `
  subscription FollowInspection($id: ID!, $after: Cursor) {
    inspectionEvents(id: $id, after: $after) {
      __typename
      ... on Snapshot { cursor inspection { id state phase progress { fraction bytesDone bytesTotal rowsDone } } }
      ... on InspectionEvent { cursor seq at }
      ... on StateChanged { from to version reason { command message } }
      ... on PhaseChanged { phase }
      ... on AttemptChanged { attempt { kind number state bytesDone } }
      ... on CheckpointSaved { bytesDurable }
      ... on AlertRaised { alert { code severity column message } }
      ... on ProfileRevised { revision isFinal changedColumns }
      ... on ProgressAdvanced { cursor progress { fraction bytesDone bytesTotal rowsDone secondsLeft } }
      ... on Gap { cursor fromSeq toSeq gapReason }
      ... on KeepAlive { cursor }
      ... on GoAway { cursor goAwayReason }
    }
  }
`;

/** The same by asking again and again. */
export const POLL = /* GraphQL */ `
  query PollInspection($id: ID!, $after: Cursor) {
    inspection(id: $id) {
      id state phase hasEnded cursor
      progress { fraction bytesDone bytesTotal rowsDone }
      events(first: 100, after: $after) {
        nodes {
          __typename cursor seq at
          ... on StateChanged { from to version reason { command message } }
          ... on PhaseChanged { phase }
          ... on AttemptChanged { attempt { kind number state bytesDone } }
          ... on CheckpointSaved { bytesDurable }
          ... on AlertRaised { alert { code severity column message } }
          ... on ProfileRevised { revision isFinal changedColumns }
        }
        pageInfo { hasNextPage }
      }
    }
  }
`;
