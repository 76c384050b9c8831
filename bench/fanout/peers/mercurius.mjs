// Mercurius: subscriptions over mqemitter, which a Kafka consumer feeds; queries with its JIT and its loaders.
import fastify from 'fastify'
import mercurius from 'mercurius'
import mqemitter from 'mqemitter'
import * as common from './common.mjs'

const emitter = mqemitter({ concurrency: 100 })
const app = fastify()

app.register(mercurius, {
  schema: common.typeDefs,
  jit: 1,
  path: '/graphql',
  context: async (request) => ({ viewer: await common.authenticate(request.headers.authorization) }),
  subscription: { emitter, fullWsTransport: false },
  resolvers: {
    Query: { inspections: (_, { first }, { viewer }) => common.inspections(viewer, first) },
    Mutation: { createInspection: (_, { input }, { viewer }) => common.createInspection(viewer, input) },
    Subscription: {
      inspectionEvents: {
        subscribe: (_, { id }, { pubsub }) => pubsub.subscribe(id),
        resolve: (item) => item,
      },
    },
    InspectionStreamItem: { resolveType: (item) => item.__typename },
  },
  loaders: {
    Inspection: {
      file: { loader: (queries) => common.files(queries.map(({ obj }) => obj.fileId)), opts: { cache: false } },
      createdBy: { loader: (queries) => common.people(queries.map(({ obj }) => obj.createdById)), opts: { cache: false } },
      events: {
        loader: (queries) => common.eventsOf(queries.map(({ obj }) => obj.id), queries[0].params.first),
        opts: { cache: false },
      },
    },
  },
})

await app.listen({ port: 0, host: '127.0.0.1' })
await common.consume((id, event) => new Promise((done) => emitter.emit({ topic: id, payload: common.streamItem(event) }, done)))
common.ready(app.server.address().port)
