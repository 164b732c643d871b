import { join } from "node:path";

/** The version of a package in the project's `node_modules`, at its top, where dependencies of dependencies are hoisted to. */
export async function nodeModule(dir: string, name: string): Promise<string | undefined> {
  const candidates = [join("node_modules", name), join("node_modules/.pnpm/node_modules", name)];
  for (const folder of candidates) {
    const file = Bun.file(join(dir, folder, "package.json"));
    if (!(await file.exists())) continue;
    const { version } = (await file.json()) as { version: string };
    return version;
  }
  return undefined;
}

/** The manifest of a project with these dependencies. */
export function packageJson(packages: Readonly<Record<string, string>>): string {
  const dependencies = Object.fromEntries(Object.entries(packages).map(([name, range]) => [name, range || "*"]));
  return JSON.stringify({ name: "project", version: "1.0.0", private: true, dependencies }, null, 2);
}
