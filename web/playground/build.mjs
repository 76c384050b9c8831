// Bundles the playground into dist/, each file compressed; the binary embeds them. `dist/SOURCES` holds the hash of
// everything that goes in, and a test of the api compares it: whoever changes a source builds again.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { gzipSync } from "node:zlib";

const out = "dist";

async function sources() {
  const names = ["build.mjs", "package.json", "package-lock.json", "index.html"];
  for (const folder of ["src", "operations"]) {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.isFile()) names.push(`${folder}/${entry.name}`);
    }
  }
  const hash = createHash("sha256");
  for (const name of names.sort()) hash.update(`${name}\n`).update(await readFile(name)).update("\n");
  return hash.digest("hex");
}

// What GraphiQL carries along and we do not want to serve: 640 KB of JavaScript parser to format a few variables,
// and 330 KB of fonts. The fonts it names next are those of the system.
const lighter = {
  name: "lighter",
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /\/jsonc(\.js)?$/ }, ({ importer }) =>
      importer.includes("@graphiql") ? { path: resolve("src/jsonc.js") } : undefined,
    );
    onLoad({ filter: /graphiql\/dist\/.*\.css$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      return { contents: text.replace(/@font-face\s*{[^}]*}/g, ""), loader: "css" };
    });
  },
};

async function bundle(name, entry) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    outfile: `${out}/${name}.js`,
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: "es2022",
    jsx: "automatic",
    plugins: [lighter],
    legalComments: "none",
    define: { "process.env.NODE_ENV": '"production"' },
    loader: { ".ttf": "dataurl", ".woff2": "dataurl", ".graphql": "text" },
  });
  for (const file of outputFiles) {
    const text = Buffer.from(file.contents);
    await writeFile(`${file.path}.gz`, gzipSync(text, { level: 9 }));
  }
}

await rm(out, { recursive: true, force: true });
await mkdir(out);
await bundle("playground", "src/main.jsx");
await bundle("editor.worker", "monaco-editor/esm/vs/editor/editor.worker.js");
await bundle("json.worker", "monaco-editor/esm/vs/language/json/json.worker.js");
await bundle("graphql.worker", "monaco-graphql/esm/graphql.worker.js");
await writeFile(`${out}/index.html.gz`, gzipSync(await readFile("index.html"), { level: 9 }));
await writeFile(`${out}/SOURCES`, `${await sources()}\n`);
