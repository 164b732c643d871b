/** `scripts/migration NAME` writes the SQL that leads from the newest migration to src/index/sqlite/schema.ts. */
export default { dialect: "sqlite", schema: "./src/index/sqlite/schema.ts", out: "./src/index/sqlite/migrations" };
