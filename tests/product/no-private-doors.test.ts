/** Each built-in plugin, loaded as a file from outside into the executable: it has nothing there that strangers have not. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ecosystems } from "../../src/registry.generated.ts";
import { table } from "../ecosystems/samples.ts";
import { asOutside } from "../support/as-outside.ts";
import { EXECUTABLE, type ProxyOptions, runProxy } from "../support/proxy.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { TIMEOUT } from "../support/time-limits.ts";

let folder: TemporaryFolder;
let options: ProxyOptions;
beforeAll(async () => {
  folder = await temporaryFolder();
  options = { dir: folder.path, executable: EXECUTABLE, config: {} };
});
afterAll(() => folder.remove());

const built = test.skipIf(!existsSync(EXECUTABLE));

built.each(table.map(([ecosystem, conformance]) => [ecosystem.id, ecosystem, conformance] as const))(
  "%s passes plugin check as a file from outside",
  async (_, ecosystem, { samples, ...rest }) => {
    const file = await asOutside(ecosystem, folder.path);
    const written = samples.map(async ({ body, ...sample }, i) => {
      const name = `${ecosystem.id}-${i}`;
      await Bun.write(join(folder.path, "ecosystems", name), body);
      return { ...sample, file: name };
    });
    const cases = { ...rest, samples: await Promise.all(written) };
    await Bun.write(file.replace(/\.ts$/, ".cases.json"), JSON.stringify(cases));
    const { code, stdout } = await runProxy(options, ["plugin", "check", file]);
    expect([stdout.split("\n").filter((line) => !line.startsWith("ok ")), code]).toEqual([
      [expect.stringMatching(/^\d+ laws hold, 0 do not$/) as string, ""],
      0,
    ]);
  },
  TIMEOUT,
);

built(
  "all of them stand beside themselves in one program",
  async () => {
    const { code, stdout, stderr } = await runProxy(options, [
      "ecosystems",
      "--plugins",
      join(folder.path, "ecosystems"),
    ]);
    expect([code, stderr]).toEqual([0, expect.not.stringContaining("refused") as string]);
    const names = stdout
      .split("\n\n")[0]!
      .split("\n")
      .slice(1)
      .map((line) => line.split(" ")[0]!);
    expect(names.filter((name) => name.startsWith("x-")).sort()).toEqual(ecosystems.map(({ id }) => `x-${id}`).sort());
  },
  TIMEOUT,
);
