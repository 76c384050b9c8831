// What both peers need: the part of our schema that is measured, our tables, our topic. Each is written as its
// documentation would have it; neither can replay, so `after` is taken and has no effect.
import { createHash, randomBytes } from 'node:crypto'
import { Kafka, logLevel } from 'kafkajs'
import pg from 'pg'

export const typeDefs = /* GraphQL */ `
  scalar Cursor
  scalar Long
  type Query { inspections(first: Int!): InspectionConnection! }
  type Mutation { createInspection(input: CreateInspectionInput!): InspectionPayload! }
  type Subscription { inspectionEvents(id: ID!, after: Cursor): InspectionStreamItem! }
  input CreateInspectionInput { fileId: ID!, idempotencyKey: String! }
  type InspectionPayload { inspection: Inspection, deduplicated: Boolean!, userErrors: [UserError!]! }
  type UserError { code: String! }
  type InspectionConnection { nodes: [Inspection!]! }
  type Inspection {
    id: ID!
    state: String!
    priority: Int!
    version: Int!
    file: File
    createdBy: User
    events(first: Int!): EventConnection!
  }
  type File { id: ID!, name: String! }
  type User { id: ID!, name: String! }
  type EventConnection { nodes: [Event!]! }
  type Event { seq: Long!, inspectionId: ID! }
  union InspectionStreamItem = CheckpointSaved | OtherEvent
  type CheckpointSaved {
    cursor: Cursor!
    seq: Long!
    inspectionId: ID!
    bytesDurable: Long!
    splitsDurable: Long!
    lossIfRetriedNow: Long!
  }
  type OtherEvent { cursor: Cursor! }
`

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

function base32(number, width) {
  let text = ''
  for (let rest = BigInt(number), left = width; left > 0; left -= 1, rest /= 32n) text = ALPHABET[Number(rest % 32n)] + text
  return text
}

/** An event of the topic as an object of the schema. */
export function streamItem({ inspectionId, seq, event }) {
  const cursor = inspectionId.slice('insp_'.length) + base32(seq, 13)
  if (event.type !== 'CHECKPOINT') return { __typename: 'OtherEvent', cursor }
  return { __typename: 'CheckpointSaved', cursor, seq, inspectionId, ...event.checkpoint }
}

/** Hands every message of the topic to a function, by the inspection it is about. */
export async function consume(handle) {
  const kafka = new Kafka({ brokers: process.env.BROKERS.split(','), logLevel: logLevel.ERROR })
  const consumer = kafka.consumer({ groupId: `peer-${process.pid}`, maxWaitTimeInMs: 100, minBytes: 1 })
  await consumer.connect()
  await consumer.subscribe({ topic: process.env.TOPIC, fromBeginning: false })
  const assigned = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve))
  await consumer.run({
    eachMessage: async ({ message }) => {
      if (message.headers.kind?.toString() === 'event') await handle(message.key.toString(), JSON.parse(message.value))
    },
  })
  await assigned
}

export const pool = new pg.Pool({ connectionString: process.env.DATABASE, max: 10 })

/** Who sent a request: one statement. */
export async function authenticate(authorization) {
  const hash = createHash('sha256').update(authorization?.split(' ')[1] ?? '').digest()
  const found = await pool.query({
    name: 'authenticate',
    text: `SELECT tokens.workspace_id, tokens.principal_id FROM tokens JOIN principals ON principals.id = principal_id
           WHERE hash = $1 AND revoked_at IS NULL AND expires_at > extract(epoch FROM now()) * 1000000`,
    values: [hash],
  })
  return found.rows[0]
}

const asInspection = (row) => ({ ...row, fileId: row.file_id, createdById: row.created_by })

export async function inspections(viewer, first) {
  const found = await pool.query({
    name: 'inspections',
    text: `SELECT id, state, priority, version::int, file_id, created_by FROM inspections WHERE workspace_id = $1
           ORDER BY created_at DESC, id DESC LIMIT $2`,
    values: [viewer.workspace_id, first],
  })
  return { nodes: found.rows.map(asInspection) }
}

const byId = async (table, ids) => {
  const text = `SELECT id, name FROM ${table} WHERE id = ANY($1)`
  const found = await pool.query({ name: table, text, values: [[...new Set(ids)]] })
  const rows = new Map(found.rows.map((row) => [row.id, row]))
  return ids.map((id) => rows.get(id))
}
export const files = (ids) => byId('files', ids)
export const people = (ids) => byId('principals', ids)

export async function eventsOf(ids, first) {
  const text = `SELECT events.inspection_id, events.seq::int FROM unnest($1::text[]) AS wanted(id) CROSS JOIN LATERAL
    (SELECT inspection_id, seq FROM events WHERE inspection_id = wanted.id ORDER BY seq LIMIT $2) AS events`
  const found = await pool.query({ name: 'events', text, values: [ids, first] })
  const of = new Map(ids.map((id) => [id, []]))
  for (const row of found.rows) of.get(row.inspection_id).push({ seq: row.seq, inspectionId: row.inspection_id })
  return ids.map((id) => ({ nodes: of.get(id) }))
}

/** An inspection, its first event, and the message for the topic, in one transaction. */
export async function createInspection(viewer, { fileId, idempotencyKey }) {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    const file = await client.query('SELECT id FROM files WHERE id = $1 AND workspace_id = $2', [fileId, viewer.workspace_id])
    if (!file.rows[0]) throw new Error('no such file')
    const id = `insp_${base32(BigInt(`0x${randomBytes(16).toString('hex')}`), 26)}`
    const now = Date.now() * 1000
    await client.query(
      `INSERT INTO idempotency_keys (workspace_id, idempotency_key, operation, request_hash, subject_id, created_at)
       VALUES ($1, $2, 'createInspection', $3, $4, $5)`,
      [viewer.workspace_id, idempotencyKey, Buffer.alloc(32), id, now],
    )
    await client.query(
      `INSERT INTO inspections (id, workspace_id, file_id, created_by, state, version, phase, verdict, coverage, priority,
         spec, profile_revision, last_seq, created_at, updated_at)
       VALUES ($1, $2, $3, $4, 'QUEUED', 1, 'WAITING', 'NOT_EVALUATED', 'NONE', 0, '{}', 0, 1, $5, $5)`,
      [id, viewer.workspace_id, fileId, viewer.principal_id, now],
    )
    const event = { schemaVersion: 1, inspectionId: id, seq: 1, at: now, event: { type: 'STATE', to: 'QUEUED', version: 1 } }
    const bytes = Buffer.from(JSON.stringify(event))
    await client.query(
      `INSERT INTO events (inspection_id, seq, workspace_id, at, type, bytes) VALUES ($1, 1, $2, $3, 'STATE', $4)`,
      [id, viewer.workspace_id, now, bytes],
    )
    await client.query(
      `INSERT INTO outbox (topic, message_key, bytes, created_at) VALUES ('UPDATES', $1, $2, $3)`,
      [id, bytes, now],
    )
    await client.query('COMMIT')
    return { inspection: { id, state: 'QUEUED', priority: 0, version: 1, fileId }, deduplicated: false, userErrors: [] }
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  } finally {
    client.release()
  }
}

export const ready = (port) => console.log(`ready ${port}`)
