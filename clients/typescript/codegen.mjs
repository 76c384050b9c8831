// Types of the schema and of the operations here. SCHEMA names a server to ask instead of the committed document.
export default {
  schema: process.env.SCHEMA ?? "../../schema.graphql",
  documents: "src/operations.ts",
  generates: {
    [process.env.GENERATED ?? "src/generated.ts"]: {
      plugins: ["typescript", "typescript-operations"],
      config: {
        useTypeImports: true,
        enumsAsTypes: true,
        avoidOptionals: { field: true },
        onlyOperationTypes: true,
        skipTypename: false,
        scalars: { ContentId: "string", Cursor: "string", DateTime: "string", Decimal: "string", Long: "number", URL: "string" },
      },
    },
  },
};
