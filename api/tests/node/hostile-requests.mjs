// Requests that kill or stall servers, as JSON text: some cannot be made by JSON.stringify without a deep stack.
const repeat = (count, text) => (typeof text === "string" ? text.repeat(count) : Array.from({ length: count }, (_, n) => text(n)).join(" "));
const nested = (levels, open, inner, close) => repeat(levels, open) + inner + repeat(levels, close);
const list = (levels) => `{ nodes(ids: ${nested(levels, "[", '"x"', "]")}) { id } }`;
const object = (levels) => `{ inspections(filter: ${nested(levels, "{a:", "1", "}")}) { totalCount } }`;
const selection = (levels) => nested(levels, "{a", "", "}");
const type = (levels) => `query A($v: ${nested(levels, "[", "Int", "]")}) { serverInfo { version } }`;
const chain = (links) =>
  `{ ...F0 } ${repeat(links, (n) => `fragment F${n} on Query { ...F${n + 1} ...F${n + 1} }`)} fragment F${links} on Query { serverInfo { version } }`;
const pages = (levels) =>
  `{ inspections(first: 100) { nodes { ${nested(levels, "file { newestInspections(first: 100) { ", "id", "} } ")} } } }`;
const document = (text) => `{"query":${JSON.stringify(text)}}`;
const padded = (bytes, start, filler, end) => start + filler.repeat(Math.floor((bytes - start.length - end.length) / filler.length)) + end;

const MIB = 1 << 20;
// Under the limit of documents, so that more than their size has to be looked at.
const UNDER = 32_000;

const documents = {
  "lists, 100,000 levels": list(100_000),
  "lists, 15,000 levels": list(15_000),
  "objects, 100,000 levels": object(100_000),
  "objects, 7,000 levels": object(7_000),
  "selections, 100,000 levels": selection(100_000),
  "selections, 10,000 levels": selection(10_000),
  "types, 100,000 levels": type(100_000),
  "types, 15,000 levels": type(15_000),
  "brackets that are never closed": padded(UNDER, "", "{", ""),
  "a chain of 30 fragments, doubling": chain(30),
  "a chain of 400 fragments, doubling": chain(400),
  "a cycle of 500 fragments": `{ ...F0 } ${repeat(500, (n) => `fragment F${n} on Query { ...F${(n + 1) % 500} }`)}`,
  "a fragment spread 1,000 times": `{ ${repeat(1_000, "...F ")} } fragment F on Query { a: serverInfo { version } }`,
  "1,000 aliases": `{ ${repeat(1_000, (n) => `a${n}: __typename`)} }`,
  "700 aliases of objects": `{ ${repeat(700, (n) => `a${n}: serverInfo { version }`)} }`,
  "1,000 fields of one name that conflict": `{ serverInfo { ${repeat(500, "a: version a: maxPageSize ")} } }`,
  "1,000 root fields of one name": `{ ${repeat(1_000, "serverInfo { version } ")} }`,
  "10,000 directives": `{ serverInfo ${repeat(10_000, "@include(if: true) ")} { version } }`,
  "10,000 short directives": `{ serverInfo ${repeat(10_000, "@a ")} { version } }`,
  "connections in a cycle, 2 levels": pages(2),
  "connections in a cycle, 8 levels": pages(8),
  "connections in a cycle, 400 levels": pages(400),
  "many ways through connections": `{ ...A ${repeat(12, (n) => `i${n}: inspections(first: 100) { nodes { ...B } }`)} }
    fragment A on Query { files(first: 100) { nodes { newestInspections(first: 100) { ...B } } } }
    fragment B on Inspection { file { newestInspections(first: 100) { events(first: 100) { nodes { seq } } } } }`,
  "the schema, asked around in circles": `{ __schema { types { ${nested(6, "fields { type { ", "name", "} } ")} } } }`,
  "1,900 unknown fields": `{ ${repeat(1_900, (n) => `f${n}`)} }`,
  "600 variables that are not defined": `{ serverInfo { ${repeat(600, (n) => `version @skip(if: $v${n})`)} } }`,
  "a string of 30,000 escapes": `{ node(id: "${repeat(15_000, "\\n")}") { unknown } }`,
  "1 MiB of blanks": padded(MIB, "{ serverInfo { version } }", " ", ""),
  "1 MiB of comment": padded(MIB, "{ serverInfo { version } } #", "x", ""),
  "1 MiB of string": padded(MIB, '{ node(id: "', "x", '") { id } }'),
  "1 MiB of fields": padded(MIB, "{ ", "a ", "}"),
  "1 MiB of brackets": padded(MIB, "", "{", ""),
  // What is left of 1 MiB for a document when JSON needs some of it.
  "a body of 1 MiB, all of it document": padded(MIB - 1_000, "{ ", "a ", "}"),
};

const ids = "query A($ids: [ID!]!) { nodes(ids: $ids) { id } }";
const variables = (value) => `{"query":"${ids}","variables":{"ids":${value}}}`;

export const requests = {
  ...Object.fromEntries(Object.entries(documents).map(([name, text]) => [name, document(text)])),
  "variables, 100,000 levels": variables(nested(100_000, "[", "1", "]")),
  "variables, 100 levels": variables(nested(100, "[", '"x"', "]")),
  "variables, objects of 100,000 levels": variables(nested(100_000, '{"a":', "1", "}")),
  "200,000 values in a variable": variables(`[${"1,".repeat(200_000)}1]`),
  "1 MiB of variables": padded(MIB - 1_000, variables("[").slice(0, -2), '"x",', '"x"]}}'),
  "1 MiB of operations": padded(MIB - 1_000, "[", '{"query":"{ serverInfo { version } }"},', "0]"),
  "1 MiB of JSON brackets": "[".repeat(MIB - 100),
};
