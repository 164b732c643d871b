/** `scripts/migration NAME` writes the SQL that leads from the newest migration to src/db/schema.ts. */
export default { dialect: "sqlite", schema: "./src/db/schema.ts", out: "./src/db/migrations" };
