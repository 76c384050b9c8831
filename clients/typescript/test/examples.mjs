// The examples run, and the README shows what ran. Usage: node test/examples.mjs URL.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile, readdir } from "node:fs/promises";

const env = { ...process.env, DATA_INSPECTOR_URL: process.argv[2] };
const readme = await readFile("README.md", "utf8");
for (const name of await readdir("examples")) {
  const text = await readFile(`examples/${name}`, "utf8");
  assert(readme.includes(`\`\`\`js\n${text}\`\`\``), `the README shows examples/${name}`);
  const options = { env, encoding: "utf8", timeout: 60_000 };
  const printed = execFileSync("node", ["--import", "./test/websocket.mjs", `examples/${name}`], options);
  assert.match(printed, /^\d+ WAITING_FOR_FILE\n(.*\n)*\d+ SUCCEEDED\n$/, `${name}: ${printed}`);
  console.log(`examples/${name} runs`);
}
