// Documents against schema.graphql, by the rule of the specification (section 5) that decides about them, under the
// names graphql-js has for the rules. Written for this schema; validate.mjs checks that each is about its rule.
import { fields } from "./corpus-fields.mjs";
import { values } from "./corpus-values.mjs";

const documents = {
  Syntax: {
    valid: [
      "{ serverInfo { version } }",
      "query { serverInfo { version } }",
      "# a comment\n{ serverInfo, { version, } }",
      "\uFEFF{ serverInfo { version } }",
      'query A($n: Int = 3, $s: Cursor = """a "block" string""") { inspections(first: $n, after: $s) { totalCount } }',
      "{ query: serverInfo { fragment: version } }",
      "query on { serverInfo { version } }",
      '{ node(id: "\\u00e9\\n\\t\\"") { id } }',
      '{ node(id: "\\u{1F600}") { id } }',
      "{ inspections(first: 1) @include(if: true) { totalCount } }",
    ],
    invalid: [
      "",
      "{",
      "{ serverInfo { version }",
      "{ serverInfo { version } } }",
      "{ }",
      "{ serverInfo { } }",
      "{ node() { id } }",
      "query A() { serverInfo { version } }",
      "query A { ...on }",
      "fragment on on Query { serverInfo { version } } { ...on }",
      '{ node(id: "unclosed) { id } }',
      '{ node(id: "bad \\x escape") { id } }',
      '{ node(id: "a\nb") { id } }',
      "{ inspections(first: 01) { totalCount } }",
      "{ inspections(first: 1.) { totalCount } }",
      "{ inspections(first: -) { totalCount } }",
      "{ inspections(first: 1a) { totalCount } }",
      "{ inspections(first: $) { totalCount } }",
      "query A($n: Int = $m) { inspections(first: $n) { totalCount } }",
      "{ a:: serverInfo { version } }",
      "subscription",
      "nonsense { serverInfo { version } }",
      "{ serverInfo { version } } ?",
      "query A { serverInfo { ...on ServerInfo } }",
      '{ node(id: "\\uD800") { id } }',
    ],
  },
  ExecutableDefinitionsRule: {
    valid: ["query A { serverInfo { version } } fragment F on ServerInfo { version } query B { serverInfo { ...F } }"],
    invalid: [
      "{ serverInfo { version } } type T { a: Int }",
      "{ serverInfo { version } } extend type Query { a: Int }",
      "{ serverInfo { version } } schema { query: Query }",
      "{ serverInfo { version } } scalar S",
      "{ serverInfo { version } } directive @d on FIELD",
    ],
  },
  UniqueOperationNamesRule: {
    valid: [
      "query A { serverInfo { version } } query B { serverInfo { version } }",
      "query A { serverInfo { ...A } } fragment A on ServerInfo { version }",
    ],
    invalid: [
      "query A { serverInfo { version } } query A { viewer { role } }",
      'query A { serverInfo { version } } mutation A { abortUpload(input: { uploadId: "x" }) { deduplicated } }',
      "query A { serverInfo { version } } subscription A { workspaceActivity { __typename } }",
    ],
  },
  LoneAnonymousOperationRule: {
    valid: ["{ serverInfo { ...F } } fragment F on ServerInfo { version }"],
    invalid: [
      "{ serverInfo { version } } { viewer { role } }",
      "{ serverInfo { version } } query A { viewer { role } }",
      "subscription { workspaceActivity { __typename } } query A { viewer { role } }",
    ],
  },
  SingleFieldSubscriptionsRule: {
    valid: [
      "subscription { workspaceActivity { __typename } }",
      "subscription A { ...F } fragment F on Subscription { workspaceActivity { __typename } }",
      "subscription { a: workspaceActivity { __typename } ... { a: workspaceActivity { __typename } } }",
    ],
    invalid: [
      'subscription { workspaceActivity { __typename } transferProgress(fileId: "x") { __typename } }',
      "subscription { a: workspaceActivity { __typename } b: workspaceActivity { __typename } }",
      "subscription { __typename }",
      "subscription { workspaceActivity { __typename } __typename }",
      'subscription A { ...F } fragment F on Subscription { workspaceActivity { __typename } transferProgress(fileId: "x") { __typename } }',
      "subscription { ... on Subscription { workspaceActivity { __typename } } b: workspaceActivity { __typename } }",
    ],
  },
  UniqueFragmentNamesRule: {
    valid: [
      "{ serverInfo { ...F ...G } } fragment F on ServerInfo { version } fragment G on ServerInfo { maxPageSize }",
      "{ serverInfo { ... on ServerInfo { version } ... on ServerInfo { version } } }",
    ],
    invalid: [
      "{ serverInfo { ...F } } fragment F on ServerInfo { version } fragment F on ServerInfo { maxPageSize }",
      "{ serverInfo { version } } fragment F on ServerInfo { version } fragment F on ServerInfo { version }",
    ],
  },
  KnownFragmentNamesRule: {
    valid: ["{ serverInfo { ...F } } fragment F on ServerInfo { ... on ServerInfo { version } }"],
    invalid: [
      "{ serverInfo { ...Unknown } }",
      "{ serverInfo { ...F } } fragment F on ServerInfo { ...Unknown }",
      "{ ... { ...Unknown } }",
    ],
  },
  NoUnusedFragmentsRule: {
    valid: [
      "{ serverInfo { ...F } } fragment F on ServerInfo { ...G } fragment G on ServerInfo { version }",
      "query A { serverInfo { ...F } } query B { serverInfo { version } } fragment F on ServerInfo { version }",
    ],
    invalid: [
      "{ serverInfo { version } } fragment F on ServerInfo { version }",
      "{ serverInfo { ...F } } fragment F on ServerInfo { version } fragment G on ServerInfo { ...F }",
      "fragment F on ServerInfo { version }",
    ],
  },
  NoFragmentCyclesRule: {
    valid: [
      "{ serverInfo { ...F ...G } } fragment F on ServerInfo { ...G } fragment G on ServerInfo { version }",
      "{ serverInfo { ...F ...F } } fragment F on ServerInfo { version }",
    ],
    invalid: [
      "{ serverInfo { ...F } } fragment F on ServerInfo { ...F }",
      "{ serverInfo { ...F } } fragment F on ServerInfo { ... { ...F } }",
      "{ serverInfo { ...F } } fragment F on ServerInfo { ...G } fragment G on ServerInfo { ...F }",
      "{ serverInfo { ...F } } fragment F on ServerInfo { ...G } fragment G on ServerInfo { ...H } fragment H on ServerInfo { ...G }",
      '{ inspection(id: "x") { ...F } } fragment F on Inspection { rerunOf { ...F } }',
      "fragment F on ServerInfo { ...F }",
    ],
  },
  FragmentsOnCompositeTypesRule: {
    valid: [
      '{ node(id: "x") { ... on File { name } } }',
      '{ node(id: "x") { ... on Node { id } } }',
      "subscription { workspaceActivity { ... on WorkspaceStreamItem { __typename } } }",
    ],
    invalid: [
      "{ serverInfo { ... on String { version } } }",
      '{ node(id: "x") { ... on FileState { id } } }',
      "{ serverInfo { ...F } } fragment F on Long { version }",
      "{ serverInfo { ...F } } fragment F on FileFilter { states }",
    ],
  },
  PossibleFragmentSpreadsRule: {
    valid: [
      '{ node(id: "x") { ...F } } fragment F on Inspection { state }',
      '{ inspection(id: "x") { ...F } } fragment F on Node { id }',
      'subscription { inspectionEvents(id: "x") { ... on InspectionEvent { seq } } }',
      'subscription { inspectionEvents(id: "x") { ... on StateChanged { ... on InspectionEvent { seq } } } }',
    ],
    invalid: [
      "{ serverInfo { ... on Viewer { role } } }",
      '{ inspection(id: "x") { ... on File { name } } }',
      '{ node(id: "x") { ... on ServerInfo { version } } }',
      '{ node(id: "x") { ... on InspectionEvent { seq } } }',
      "subscription { workspaceActivity { ... on Snapshot { cursor } } }",
      "{ serverInfo { ...F } } fragment F on Viewer { role }",
      'subscription { inspectionProfile(id: "x") { ... on InspectionEvent { seq } } }',
    ],
  },
  KnownTypeNamesRule: {
    valid: ["query A($ids: [ID!]!) { nodes(ids: $ids) { ... on Upload { blockCount } } }"],
    invalid: [
      "query A($x: Unknown) { inspections(first: $x) { totalCount } }",
      "{ serverInfo { ... on Unknown { version } } }",
      "{ serverInfo { ...F } } fragment F on Unknown { version }",
      "query A($x: [[unknown!]!]) { inspections(first: $x) { totalCount } }",
    ],
  },
  KnownDirectivesRule: {
    valid: [
      "query A($b: Boolean!) { serverInfo @skip(if: $b) { version @include(if: true) } }",
      "{ ...F @include(if: true) ... @skip(if: false) { serverInfo { version } } } fragment F on Query { viewer { role } }",
    ],
    invalid: [
      "{ serverInfo @unknown { version } }",
      "query A @include(if: true) { serverInfo { version } }",
      "{ ...F } fragment F on Query @skip(if: true) { serverInfo { version } }",
      "query A($n: Int @skip(if: true)) { inspections(first: $n) { totalCount } }",
      '{ serverInfo @deprecated(reason: "x") { version } }',
      'mutation A @skip(if: false) { abortUpload(input: { uploadId: "x" }) { deduplicated } }',
    ],
  },
  UniqueDirectivesPerLocationRule: {
    valid: ["{ serverInfo @include(if: true) @skip(if: false) { version @skip(if: false) } }"],
    invalid: [
      "{ serverInfo @include(if: true) @include(if: true) { version } }",
      "{ ... @skip(if: false) @skip(if: true) { serverInfo { version } } }",
    ],
  },
};

export const corpus = { ...documents, ...fields, ...values };
