// GraphQL Yoga, with graphql-ws for subscriptions over its own publish-subscribe, which a Kafka consumer feeds.
import { createServer } from 'node:http'
import { useServer } from 'graphql-ws/use/ws'
import { createPubSub, createSchema, createYoga } from 'graphql-yoga'
import { WebSocketServer } from 'ws'
import * as common from './common.mjs'

const pubSub = createPubSub()

/** What several fields of one request ask for, in one statement. */
function batched(load) {
  let waiting
  return (key) => {
    if (!waiting) {
      const batch = (waiting = [])
      process.nextTick(() => setImmediate(async () => {
        waiting = undefined
        const found = await load(batch.map(({ key }) => key))
        batch.forEach(({ resolve }, index) => resolve(found[index]))
      }))
    }
    return new Promise((resolve) => waiting.push({ key, resolve }))
  }
}

const schema = createSchema({
  typeDefs: common.typeDefs,
  resolvers: {
    Query: { inspections: (_, { first }, { viewer }) => common.inspections(viewer, first) },
    Mutation: { createInspection: (_, { input }, { viewer }) => common.createInspection(viewer, input) },
    Subscription: {
      inspectionEvents: {
        subscribe: (_, { id }) => pubSub.subscribe(id),
        resolve: (item) => item,
      },
    },
    InspectionStreamItem: { __resolveType: (item) => item.__typename },
    Inspection: {
      file: ({ fileId }, _, { files }) => files(fileId),
      createdBy: ({ createdById }, _, { people }) => people(createdById),
      events: ({ id }, { first }, { events }) => events({ id, first }),
    },
  },
})

const yoga = createYoga({
  schema,
  logging: false,
  graphiql: { subscriptionsProtocol: 'WS' },
  context: async ({ request }) => ({
    viewer: await common.authenticate(request?.headers.get('authorization')),
    files: batched(common.files),
    people: batched(common.people),
    events: batched((wanted) => common.eventsOf(wanted.map(({ id }) => id), wanted[0].first)),
  }),
})

const server = createServer(yoga)
const sockets = new WebSocketServer({ server, path: '/graphql' })

// As Yoga's documentation has it for graphql-ws.
useServer(
  {
    execute: (args) => args.rootValue.execute(args),
    subscribe: (args) => args.rootValue.subscribe(args),
    onSubscribe: async (context, _id, params) => {
      const { schema, execute, subscribe, contextFactory, parse, validate } = yoga.getEnveloped({
        ...context,
        req: context.extra.request,
        socket: context.extra.socket,
        params,
      })
      const args = {
        schema,
        operationName: params.operationName,
        document: parse(params.query),
        variableValues: params.variables,
        contextValue: await contextFactory(),
        rootValue: { execute, subscribe },
      }
      const errors = validate(args.schema, args.document)
      return errors.length ? errors : args
    },
  },
  sockets,
)

await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
await common.consume((id, event) => pubSub.publish(id, common.streamItem(event)))
common.ready(server.address().port)
