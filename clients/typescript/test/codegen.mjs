// graphql-codegen, asking the program for its schema, makes the types that are committed. Usage: node test/codegen.mjs URL.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = await mkdtemp(join(tmpdir(), "codegen-"));
const generated = join(folder, "generated.ts");
const env = { ...process.env, SCHEMA: `${process.argv[2]}/graphql`, GENERATED: generated };
try {
  execFileSync("npx", ["graphql-codegen", "--config", "codegen.mjs"], { env, stdio: "pipe", timeout: 120_000 });
  // What a scalar is it takes from a document alone, though the server tells.
  const read = async (path) => (await readFile(path, "utf8")).replace(/^ *\/\*\*.*\*\/\n/gm, "");
  const [asked, committed] = await Promise.all([read(generated), read("src/generated.ts")]);
  assert.equal(asked, committed, "run `npm run generate` in clients/typescript");
} finally {
  await rm(folder, { recursive: true });
}
console.log("graphql-codegen reads the schema of the program");
