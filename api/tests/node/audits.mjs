// The server audits of graphql-http. Usage: node audits.mjs URL. Fails unless all 61 pass.
import { auditServer } from "graphql-http";

const results = await auditServer({ url: `${process.argv[2]}/graphql` });
const failed = results.filter((result) => result.status !== "ok");
for (const { id, name, reason } of failed) console.log(`${id} ${name}: ${reason}`);
console.log(`${results.length - failed.length} of ${results.length} audits passed`);
process.exit(failed.length === 0 && results.length === 61 ? 0 : 1);
