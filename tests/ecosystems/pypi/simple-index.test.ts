import { describe, expect, test } from "bun:test";
import { pypi } from "../../../ecosystems/pypi.ts";
import type { Path, ReleaseFacts } from "../../../src/contract/ecosystem.ts";
import { mountOf, read, view } from "../../support/plugin.ts";

// Through the plugin, which is how pages are read and written.
const JSON_TYPE = "application/vnd.pypi.simple.v1+json";
const fixture = (name: string) => Bun.file(`${import.meta.dir}/../../fixtures/pypi/${name}`).text();
const mount = mountOf(pypi, { default: "https://pypi.example", files: "https://files.example" });
interface Page {
  path: Path;
  mediaType: string;
  body: string;
}
const page: Page = { path: "/simple/acme-tool/", mediaType: JSON_TYPE, body: await fixture("acme-tool.json") };
const html: Page = { path: "/simple/acme-tool/", mediaType: "text/html", body: await fixture("acme-tool.html") };
const rewrite = (source: Page, seen: Parameters<typeof view>[0]) => {
  const { route, doc } = read(mount, source);
  return route.rewrite?.(doc, view(seen)) as string;
};

describe("HTML of other servers", () => {
  const filesIn = (body: string, mediaType = "text/html") => {
    const { route, doc } = read(mount, { path: "/simple/acme/", body, mediaType });
    const releases: ReleaseFacts[] = [...(route.parse?.(doc).releases ?? [])];
    return releases.map(({ version, files = [] }) => [version, files[0]?.digest]);
  };
  const sha256 = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";
  test.each([
    ["unquoted", `<a href=acme-1.0.zip#sha256=${sha256}>x</a>`],
    ["an unescaped > in a value", `<a data-requires-python=">=3.8" href='acme-1.0.zip#sha256=${sha256}'>x</a>`],
    ["a shortened text", `<A class=a HREF="acme-1.0.zip#sha256=${sha256}">acme-1..&gt;</A>`],
    ["a tag in the text", `<a href="acme-1.0.zip#sha256=${sha256.toUpperCase()}"><b>acme</b></a>`],
    ["links elsewhere", `<a href="../">..</a><a href="?C=N;O=D">Name</a><a href="acme-1.0.zip#sha256=${sha256}"></a>`],
    ["commented out", `<!-- <a href="acme-9.0.zip">x</a> --><a href="acme-1.0.zip#sha256=${sha256}">x</a>`],
  ])("%s", (_, anchors) => {
    const page = `<!DOCTYPE html><html><body>${anchors}</body></html>\n<!--SERIAL 7-->\n`;
    expect(filesIn(page)).toEqual([["1.0", `sha256:${sha256}`]]);
    expect(filesIn(anchors)).toEqual([["1.0", `sha256:${sha256}`]]);
  });
  test("old hashes, other layouts and escapes", () => {
    const { route, doc } = read(mount, {
      path: "/simple/acme/",
      mediaType: "text/html",
      body: `<a href="https://cdn.example/whl/acme-1.0%2Bcpu.tar.gz?key=a#md5=00000000000000000000000000000000" data-core-metadata=true>`,
    });
    const [release] = [...(route.parse?.(doc).releases ?? [])];
    expect(release).toMatchObject({ name: "acme", version: "1.0+cpu" });
    const [file, metadata] = release?.files ?? [];
    expect(file?.path).toMatch(/^\/packages\/..\/..\/[\da-f]{60}\/acme-1\.0%2Bcpu\.tar\.gz$/);
    expect(file?.digest).toBe("md5:00000000000000000000000000000000");
    expect(metadata?.url).toBe("https://cdn.example/whl/acme-1.0%2Bcpu.tar.gz.metadata?key=a");
  });
  test("the serial behind the page is its revision", () => {
    const body = "<html><a href=acme-1.0.zip></a></html>\n<!--SERIAL 7-->";
    const { route, doc } = read(mount, { path: "/simple/acme/", body, mediaType: "text/html" });
    expect(route.parse?.(doc).revision).toBe(7);
  });
  test("unclosed tags without end take no longer than their length", () => {
    const started = performance.now();
    for (const unit of ["<a ", '<a "', "<!--", "<a href=", '<a a="b" ']) {
      const body = `<html>${unit.repeat(1_000_000 / unit.length)}</html>`;
      expect(() => filesIn(body)).not.toThrow(RangeError);
    }
    expect(performance.now() - started).toBeLessThan(3_000);
  });
});

test("nothing of a quarantined project is offered, in either representation", () => {
  const quarantined = page.body.replace('"status": "active"', '"status": "quarantined", "reason": "a <b>"');
  const json = rewrite({ ...page, body: quarantined }, { variant: JSON_TYPE });
  expect(JSON.parse(json)).toMatchObject({ files: [], versions: [], "project-status": { status: "quarantined" } });
  const body = rewrite({ ...page, body: quarantined }, { variant: "text/html" });
  expect(body).toContain('<meta name="pypi:project-status" content="quarantined">');
  expect(body).toContain('<meta name="pypi:project-status-reason" content="a &#60;b&#62;">');
  const again = rewrite(
    { ...html, body: body.replace("<body>", '<body><a href="acme-1.0.zip">x</a>') },
    {
      variant: JSON_TYPE,
    },
  );
  expect(JSON.parse(again)).toMatchObject({ files: [], "project-status": { status: "quarantined", reason: "a <b>" } });
});

test("what strangers name themselves cannot leave its tag", () => {
  const evil = `"><script>alert('&')</script>`;
  const [file] = (JSON.parse(page.body) as { files: object[] }).files;
  const body = JSON.stringify({
    meta: { "api-version": evil },
    name: evil,
    "project-status": { status: evil, reason: evil },
    files: [{ ...file, filename: evil, hashes: { sha256: evil }, yanked: evil, "requires-python": evil }],
  });
  const out = rewrite({ ...page, body }, { variant: "text/html", link: (path) => path + evil });
  expect(out).not.toMatch(/<script|<\/script|'/);
  expect(out.match(/<a\b/g)).toHaveLength(1);
});

test("a project of 5,000 files is read and written in moments", () => {
  const { files, ...rest } = JSON.parse(page.body) as { files: object[] };
  const many = Array.from({ length: 5_000 }, (_, i) => ({
    ...files[i % files.length],
    filename: `acme_tool-${i}.0-py3-none-any.whl`,
    url: `https://files.example/packages/aa/bb/${i.toString(16).padStart(60, "0")}/acme_tool-${i}.0-py3-none-any.whl`,
  }));
  const source = { ...page, body: JSON.stringify({ ...rest, files: many }) };
  const started = performance.now();
  const { route, doc } = read(mount, source);
  expect([...(route.parse?.(doc).releases ?? [])]).toHaveLength(5_000);
  const written = rewrite(source, { variant: "text/html" });
  expect(rewrite(source, { variant: JSON_TYPE }).length).toBeGreaterThan(1_000_000);
  const again = JSON.parse(rewrite({ ...html, body: written }, { variant: JSON_TYPE })) as { files: object[] };
  expect(again.files).toHaveLength(5_000);
  expect(performance.now() - started).toBeLessThan(2_000);
});

describe("the list of all projects", () => {
  const root = { path: "/simple/", mediaType: JSON_TYPE } as const;
  const json = '{"meta":{"api-version":"1.1"},"projects":[{"name":"Acme.Tool","_last-serial":3}]}';
  const page = '<!DOCTYPE html><html><body>\n<a href="/simple/acme-tool/">Acme.Tool</a>\n</body></html>';
  const rendered = (body: string, mediaType: string, variant: string) => {
    const { route, doc } = read(mount, { ...root, body, mediaType });
    const out = route.rewrite?.(doc, view({ variant })) as string | Uint8Array;
    return typeof out === "string" ? out : new TextDecoder().decode(out);
  };
  test("stays as it is where it is JSON already", () => expect(rendered(json, JSON_TYPE, JSON_TYPE)).toBe(json));
  test("becomes HTML and back", () => {
    expect(rendered(json, JSON_TYPE, "text/html")).toContain('<a href="Acme.Tool/">Acme.Tool</a><br/>');
    expect(rendered(page, "text/html", JSON_TYPE)).toBe(
      '{"meta":{"api-version":"1.0"},"projects":[{"name":"acme-tool"}]}',
    );
  });
  test("has links that stay below the mount", () =>
    expect(rendered(page, "text/html", "text/html")).toContain('<a href="acme-tool/">acme-tool</a><br/>'));
  test("throws where it is cut off", () => {
    expect(() => rendered(json.slice(0, -1), JSON_TYPE, JSON_TYPE)).toThrow();
    expect(() => rendered(page.slice(0, -1), "text/html", JSON_TYPE)).toThrow();
  });
});
