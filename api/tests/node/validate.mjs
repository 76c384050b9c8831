// The verdict of the program on documents, beside that of graphql-js. Usage: node validate.mjs URL SCHEMA.
// Each document is about its rule; the two agree but for what disagreements.json lists, each with the reason.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import * as graphql from "graphql";
import { corpus } from "./validation/corpus.mjs";

const [url, schemaPath] = process.argv.slice(2);
const schema = graphql.buildSchema(await readFile(schemaPath, "utf8"));
const known = JSON.parse(await readFile(new URL("./validation/disagreements.json", import.meta.url), "utf8"));

function parsed(text) {
  try {
    return graphql.parse(text);
  } catch (error) {
    assert(error instanceof graphql.GraphQLError);
    return undefined;
  }
}

function judgedByGraphqlJs(text, rules) {
  const document = parsed(text);
  return document !== undefined && graphql.validate(schema, document, rules).length === 0;
}

// A document that is valid is executed; only these codes are about the document. What asks too deep about the schema
// is to us not invalid but too much.
const REFUSALS = ["GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "LIMIT_EXCEEDED"];

async function judgedByUs(text) {
  const operation = parsed(text)?.definitions.find(({ kind }) => kind === graphql.Kind.OPERATION_DEFINITION);
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/graphql-response+json" },
    body: JSON.stringify({ query: text, operationName: operation?.name?.value }),
  });
  const { errors = [] } = await response.json();
  const codes = errors.map(({ extensions }) => extensions.code);
  assert(!codes.includes("INTERNAL"), `${text}: ${codes}`);
  return !codes.some((code) => REFUSALS.includes(code));
}

const surprises = [];
const met = new Set();
let count = 0;
for (const [name, { valid, invalid }] of Object.entries(corpus)) {
  const rules = name === "Syntax" ? undefined : [graphql[name]];
  assert(name === "Syntax" || graphql[name], `graphql-js has no ${name}`);
  for (const text of [...valid, ...invalid]) {
    count += 1;
    if (valid.includes(text)) assert(judgedByGraphqlJs(text), `${name}: not valid: ${text}`);
    else assert(!judgedByGraphqlJs(text, rules), `${name}: not about this rule: ${text}`);
    const [theirs, ours] = [judgedByGraphqlJs(text), await judgedByUs(text)];
    if (theirs === ours) continue;
    met.add(text);
    if (!known.some(({ document }) => document === text)) surprises.push(`${name}: graphql-js ${theirs}, we ${ours}: ${text}`);
  }
}
for (const { document } of known) if (!met.has(document)) surprises.push(`listed, and they agree: ${document}`);
const without = graphql.specifiedRules.map(({ name }) => name).filter((name) => !corpus[name]);
assert.deepEqual(without, [], "every rule has documents");
assert(count >= 200, `${count} documents`);
assert.deepEqual(surprises, []);
console.log(`${count} documents, ${met.size} of them judged otherwise than by graphql-js, as listed`);
