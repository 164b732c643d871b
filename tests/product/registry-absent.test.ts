/** Packages that are listed before their documents are there for all, and documents that lists have in common: no hole is left. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { ecosystems } from "../../src/registry.generated.ts";
import { type Fault, failing } from "../support/faults.ts";
import { program, startProxy } from "../support/proxy.ts";
import { KINDS, kindOf, wholeOf } from "../support/registries/whole-kinds.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { rowsIn, type WholeProxy, wholeProxy } from "../support/whole-proxy.ts";

const SIZE = 12;

/** Each path is absent for the first one who asks for it, as caches remember it. */
function absentAtFirst(): Fault {
  const asked = new Set<string>();
  return (reply, request) => {
    if (asked.has(request.path)) return reply;
    asked.add(request.path);
    return failing(404)(reply, request);
  };
}

interface Row {
  state: string;
  attempts: number;
  not_before: number;
}

function rowOf(proxy: WholeProxy, name: string): Row | undefined {
  const sql = "SELECT state, attempts, not_before FROM listed WHERE name = ?";
  return rowsIn<Row>(proxy, sql, name)[0];
}

function set({ dir }: WholeProxy, name: string, values: string): void {
  using database = new Database(join(dir, "proxy.db"));
  database.run(`UPDATE listed SET ${values} WHERE name = ?`, [name]);
}

/** As if a package had been asked for four times, over half a minute. */
async function waitedFor(proxy: WholeProxy, ecosystem: string, name: string): Promise<void> {
  const command = [...program(), "mirror", "--registry", ecosystem, "--config", `${proxy.dir}/proxy-0.yaml`];
  const killed = Bun.spawn(command, { stdout: "ignore", stderr: "ignore", cwd: proxy.dir });
  while ((rowOf(proxy, name)?.attempts ?? 0) < 1) await Bun.sleep(50);
  killed.kill("SIGKILL");
  await killed.exited;
  set(proxy, name, "attempts = 4, not_before = 0");
}

/** Those whose documents list one package each. */
for (const kind of KINDS.filter(({ ecosystem }) => ecosystem !== "debian" && ecosystem !== "helm")) {
  test(
    `${kind.ecosystem}: a new package that was asked for before it was listed is held, and served`,
    async () => {
      const whole = wholeOf(kind, SIZE);
      await using proxy = await wholeProxy({ ...kind, whole, make: (base) => kind.make(whole, base) });
      const { index } = ecosystems.find(({ id }) => id === kind.ecosystem)!;
      const name = whole.nameOf(SIZE).replace(":", "/");
      const paths = index({ name }, { upstreams: ["default"], options: {} });
      const config = { ...proxy.options.config, metadata_ttl: "100ms", stale_while_revalidate: "0s" };
      const server = await startProxy({ ...proxy.options, config });
      const statuses = () =>
        Promise.all(paths.map(async (path) => (await fetch(`${server.url}/${kind.ecosystem}${path}`)).status));
      expect((await proxy.mirror()).code).toBe(0);
      expect(new Set(await statuses())).toEqual(new Set([404]));

      whole.add();
      for (const path of paths) proxy.upstream.fault(`/registry${path}`, absentAtFirst());
      const { code, stdout, stderr } = await proxy.mirror();
      expect(`${code} ${stdout}${stderr}`).toMatch(/^0 /);
      expect(await proxy.standing()).toMatchObject({ packages: { held: SIZE + 1, gone: 0 }, gaps: 0 });
      // What is held is no longer fresh, and upstream is asked: its word of before it was there is not believed.
      await Bun.sleep(150);
      expect(new Set(await statuses())).toEqual(new Set([200]));
      await server.stop();
    },
    TIMEOUT,
  );
}

test(
  "what was gone and is back is waited for, too; what does not come is gone, and looked for once more",
  async () => {
    const kind = kindOf("npm");
    const whole = wholeOf(kind, SIZE);
    await using proxy = await wholeProxy({ ...kind, whole, make: (base) => kind.make(whole, base) });
    expect((await proxy.mirror()).code).toBe(0);
    whole.remove(3);
    expect((await proxy.mirror()).code).toBe(0);
    expect(await proxy.standing()).toMatchObject({ packages: { held: SIZE - 1, gone: 1 } });
    whole.publish(3);
    proxy.upstream.fault(new RegExp(`${whole.nameOf(3)}$`), absentAtFirst());
    expect((await proxy.mirror()).code).toBe(0);
    expect(await proxy.standing()).toMatchObject({ packages: { held: SIZE, gone: 0 } });

    const late = whole.nameOf(whole.add());
    proxy.upstream.fault(new RegExp(`${late}$`), failing(404));
    await waitedFor(proxy, "npm", late);
    expect((await proxy.mirror()).code).toBe(0);
    expect(await proxy.standing()).toMatchObject({ packages: { held: SIZE, gone: 1 } });
    expect(rowOf(proxy, late)!.not_before).toBeGreaterThan(Date.now());
    // An hour later.
    set(proxy, late, "not_before = 1");
    proxy.upstream.heal();
    expect((await proxy.mirror()).code).toBe(0);
    expect(await proxy.standing()).toMatchObject({ packages: { held: SIZE + 1, gone: 0 } });
  },
  TIMEOUT,
);

test(
  "what a list has, and its registry never, is waited for once, and asked for with each list",
  async () => {
    const kind = kindOf("pypi");
    const whole = wholeOf(kind, SIZE);
    await using proxy = await wholeProxy({ ...kind, whole, make: (base) => kind.make(whole, base) });
    await proxy.run("jobs");
    const late = whole.nameOf(4);
    proxy.upstream.fault(new RegExp(`/${late}/$`), failing(404));
    await waitedFor(proxy, "pypi", late);
    expect((await proxy.mirror()).code).toBe(0);
    expect(await proxy.standing()).toMatchObject({ packages: { held: SIZE - 1, gone: 1 } });
    proxy.upstream.forget();
    whole.publish(5);
    expect((await proxy.mirror()).code).toBe(0);
    expect(proxy.upstream.count(`/registry/simple/${late}/`)).toBe(1);
    proxy.upstream.heal();
    expect((await proxy.mirror()).code).toBe(0);
    expect(await proxy.standing()).toMatchObject({ packages: { held: SIZE, gone: 0 } });
  },
  TIMEOUT,
);
