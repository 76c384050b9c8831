// The playground in a real browser, on the real program. Usage: node browser.mjs URL [SCREENSHOT]. Needs Chromium.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { announceAndInspect } from "./api.mjs";

const [url, screenshot] = process.argv.slice(2);
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
const tabs = page.locator(".graphiql-tab-button");
const names = await tabs.allInnerTexts();
assert.deepEqual(names, [
  "List", "Upload", "Complete", "Create", "Follow", "Resume", "Profile", "LiveProfile", "Events",
]);

async function open(name) {
  await tabs.nth(names.indexOf(name)).click();
}

async function setVariables(variables) {
  await page.locator(".graphiql-editor-tool .monaco-editor").first().click();
  await page.keyboard.press("Control+A");
  await page.keyboard.insertText(JSON.stringify(variables));
  // The editor has closed brackets and quotes that we close ourselves.
  await page.keyboard.press("Control+Shift+End");
  await page.keyboard.press("Delete");
}

// A query.
await run.click();
await response.getByText('"role": "OWNER"').waitFor();

// A subscription over the WebSocket, opened before anything happens: the inspection waits for its file.
const { inspectionId: id, send } = await announceAndInspect(url, "playground.csv", "id,name\n1,a\n2,b\n");
await open("Follow");
await setVariables({ id });
await run.click();
await response.getByText("WAITING_FOR_FILE").waitFor();
await send();
await response.getByText("SUCCEEDED").waitFor();

// The same events again, from the first.
await open("Resume");
await setVariables({ id, after: "0" });
await run.click();
await response.getByText("SUCCEEDED").waitFor();

// What was found.
await open("Profile");
await setVariables({ id });
await run.click();
await response.getByText('"rowCount": 2').waitFor();

// Headers that somebody has set are there after a reload.
await page.getByRole("button", { name: "Headers", exact: true }).click();
await page.locator(".graphiql-editor-tool .monaco-editor").last().click();
await page.keyboard.insertText('{"x-request-id":"mine"}');
await page.waitForFunction(() => Object.values(localStorage).some((text) => text.includes("x-request-id")));
await page.reload();
await page.getByRole("button", { name: "Headers", exact: true }).click();
await page.locator(".graphiql-editor-tool").getByText('"mine"').waitFor();

if (screenshot) await page.screenshot({ path: screenshot });
await browser.close();
assert.deepEqual(foreign, [], "nothing is fetched from elsewhere");
assert.deepEqual(complaints, [], "nothing fails");
console.log("the playground runs queries and a live subscription, and keeps headers");
