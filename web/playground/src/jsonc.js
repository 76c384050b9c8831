// In place of the module of the same name in @graphiql/react, which brings a JavaScript parser to do the same.
import { parse, printParseErrorCode } from "jsonc-parser";

export async function formatJSONC(content) {
  return content.trim() ? JSON.stringify(parseJSONC(content), null, 2) : content;
}

export function parseJSONC(content) {
  const errors = [];
  const parsed = parse(content, errors, { allowTrailingComma: true, allowEmptyContent: true });
  if (errors.length === 0) return parsed;
  const [{ error, offset }] = errors;
  const lines = content.slice(0, offset).split("\n");
  throw new SyntaxError(`${printParseErrorCode(error)} at line ${lines.length}, column ${lines.at(-1).length + 1}`);
}

export function tryParseJSONC(content = "") {
  let parsed;
  try {
    parsed = parseJSONC(content);
  } catch (error) {
    throw new Error(`are invalid JSON: ${error.message}.`);
  }
  if (!parsed) return undefined;
  if (typeof parsed !== "object" || Array.isArray(parsed)) throw new TypeError("are not a JSON object.");
  return parsed;
}
