// The HTML report in a real browser. Usage: node report.mjs FILE [SCREENSHOTS]. Needs Chromium.
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [file, screenshots] = process.argv.slice(2);
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
const complaints = [];
const foreign = [];
page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
page.on("pageerror", (error) => complaints.push(String(error)));
page.on("request", (request) => request.url().startsWith("file:") || foreign.push(request.url()));

await page.goto(pathToFileURL(file).href);
const columns = page.locator("details.column");
const total = await columns.count();
assert(total > 2);
const seen = () => columns.evaluateAll((all) => all.filter((column) => !column.hidden).length);
assert.equal(await seen(), total);

// By name, by value, by type.
const name = (await columns.nth(1).locator(".name").innerText()).split(/\s/)[0];
await page.getByRole("searchbox").fill(name.toUpperCase());
assert((await seen()) < total);
assert(await columns.nth(1).isVisible());
await page.getByRole("searchbox").fill("nothing has this in it");
assert.equal(await seen(), 0);
await page.getByRole("searchbox").fill("");
await page.getByLabel("Type of the columns").selectOption("string");
assert((await seen()) < total);
await page.getByLabel("Type of the columns").selectOption("");
assert.equal(await seen(), total);

// Everything opens, and closes.
await page.getByRole("button", { name: "Open all" }).click();
assert(await columns.first().locator("dl").isVisible());
if (screenshots) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: `${screenshots}-${colorScheme}.png` });
  }
}
await page.getByRole("button", { name: "Close all" }).click();
assert(!(await columns.first().locator("dl").isVisible()));

assert.deepEqual({ complaints, foreign }, { complaints: [], foreign: [] });
await browser.close();
