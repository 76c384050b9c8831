// The playground in a real browser. Usage: node browser.mjs URL INSPECTION_ID SCREENSHOT. Needs Chromium.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const [url, inspection, screenshot] = process.argv.slice(2);
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
const complaints = [];
const foreign = [];
page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
page.on("pageerror", (error) => complaints.push(String(error)));
page.on("request", (request) => {
  if (!request.url().startsWith(url) && !/^(data|blob):/.test(request.url())) foreign.push(request.url());
});

await page.goto(`${url}/playground`);
const response = page.locator(".graphiql-response");
const run = page.getByRole("button", { name: /execute query/i });
await run.waitFor();
assert.equal(await page.locator(".graphiql-tab").count(), 6, "there are six tabs");

await run.click();
await response.getByText("serverInfo").waitFor();
await response.getByText(inspection).waitFor();

// The subscription, over the WebSocket, of an inspection that has ended: all its events, and the end.
await page.locator(".graphiql-tab-button").nth(4).click();
await page.locator(".graphiql-editor-tool .monaco-editor").first().click();
await page.keyboard.press("Control+A");
await page.keyboard.insertText(JSON.stringify({ id: inspection, after: "0" }));
// The editor has closed brackets and quotes that we close ourselves.
await page.keyboard.press("Control+Shift+End");
await page.keyboard.press("Delete");
await run.click();
await response.getByText("CANCELLED").waitFor();

if (screenshot) await page.screenshot({ path: screenshot });
await browser.close();
assert.deepEqual(foreign, [], "nothing is fetched from elsewhere");
assert.deepEqual(complaints, [], "nothing fails");
console.log("the playground runs a query and a subscription");
