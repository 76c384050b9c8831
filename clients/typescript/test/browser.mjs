// The client in a real browser, on the real program. Usage: node test/browser.mjs URL. Needs Chromium.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { chromium } from "playwright-core";

const url = process.argv[2];
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const page = await browser.newPage();
// As if the program served it: a page of another origin would have to be allowed.
await page.route(`${url}/client/*`, async (route) => {
  const body = await readFile(`dist/${basename(route.request().url())}`);
  await route.fulfill({ body, contentType: "text/javascript" });
});
await page.goto(`${url}/healthz`);
const seen = await page.evaluate(async (url) => {
  const { ask, followInspection } = await import(`${url}/client/index.js`);
  const signal = AbortSignal.timeout(60_000);
  const { inspections } = await ask({ url }, "{ inspections(first: 1) { nodes { id } } }", {}, signal);
  const seen = [];
  for await (const item of followInspection({ url }, inspections.nodes[0].id, { after: "0", signal })) seen.push(item);
  return seen;
}, url);
await browser.close();
const numbers = seen.filter((item) => "seq" in item).map(({ seq }) => seq);
assert.deepEqual(numbers, numbers.map((_, index) => index + 1));
assert.equal(seen.at(-1).to, "SUCCEEDED");
console.log(`followInspection in Chromium: ${numbers.length} events`);
