// Makes a blob container, if it is not there, by the account's key: node create-container.mjs URL ACCOUNT KEY
// A deployment makes its container beforehand; the service has no right to.
import { createHmac } from "node:crypto";

const [url, account, key] = process.argv.slice(2);
const date = new Date().toUTCString();
const version = "2023-11-03";
const toSign = [
  "PUT",
  ...Array(11).fill(""),
  `x-ms-date:${date}`,
  `x-ms-version:${version}`,
  `/${account}${new URL(url).pathname}`,
  "restype:container",
].join("\n");
const signature = createHmac("sha256", Buffer.from(key, "base64")).update(toSign).digest("base64");
const answer = await fetch(`${url}?restype=container`, {
  method: "PUT",
  headers: { "x-ms-date": date, "x-ms-version": version, authorization: `SharedKey ${account}:${signature}` },
});
if (answer.status !== 201 && answer.status !== 409) throw new Error(`${answer.status} ${await answer.text()}`);
