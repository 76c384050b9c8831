// Where questions about the schema are not answered, what is wrong with a document is not told in names that it does
// not have itself: no misspelling is corrected. What is missing has to be named. Usage: node suggestions.mjs URL SCHEMA;
// the program runs without introspection.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import * as graphql from "graphql";
import { corpus } from "./validation/corpus.mjs";

const [url, schemaPath] = process.argv.slice(2);
const schema = graphql.buildSchema(await readFile(schemaPath, "utf8"));

// What can be asked for: fields, arguments, members of inputs and enums. Of types a message may speak.
function namesOf(type) {
  if (graphql.isEnumType(type)) return type.getValues().map(({ name }) => name);
  if (!("getFields" in type)) return [];
  return Object.values(type.getFields()).flatMap(({ name, args = [] }) => [name, ...args.map((argument) => argument.name)]);
}

const ours = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith("__"));
const secrets = new Set(ours.flatMap(namesOf));
const misspelt = [
  "{ serverInf { version } }",
  "{ serverInfo { versio } }",
  "{ inspections(frist: 1) { totalCount } }",
  "{ inspections(filter: { stats: [] }) { totalCount } }",
  "{ inspections(filter: { states: [RUNING] }) { totalCount } }",
  "mutation { createInspectio { deduplicated } }",
  "query A($v: InspectionFilte) { inspections(filter: $v) { totalCount } }",
  "{ node { id } }",
  "{ inspections(orderBy: {}) { totalCount } }",
  'mutation { createInspection(input: { fileId: "x" }) { deduplicated } }',
];

async function messages(query) {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query }),
  });
  return ((await response.json()).errors ?? []).map(({ message }) => message);
}

const words = (text) => text.match(/\w+/g) ?? [];
const quoted = (message) => (message.match(/`[^`]+`/g) ?? []).flatMap(words);
const isMissing = (message) => /required (field|argument)/.test(message);
const told = [];
const invalid = Object.values(corpus).flatMap((documents) => documents.invalid);
for (const document of [...misspelt, ...invalid]) {
  const own = new Set(words(document));
  for (const message of await messages(document)) {
    if (/did you mean/i.test(message)) told.push(`suggested: ${message}`);
    const names = quoted(message).filter((word) => secrets.has(word) && !own.has(word));
    if (!isMissing(message) && names.length > 0) told.push(`${names}: ${message}: ${document}`);
  }
}
assert.match((await messages("{ __schema { queryType { name } } }"))[0], /does not answer questions about its schema/);
assert.deepEqual(told, []);
console.log("no name is told that was not asked for");
