import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isSourceArchive, markerOfFile, requirementsOf } from "../../../ecosystems/pypi/distribution.ts";

const metadata = (name: string) => Bun.file(`${import.meta.dir}/../../fixtures/pypi/${name}.metadata`).text();
const one = (line: string) => requirementsOf(`Metadata-Version: 2.1\nRequires-Dist: ${line}\n`).found[0];

describe("what real releases require", () => {
  test("flask, for which extras and old Pythons need more", async () => {
    expect(requirementsOf(await metadata("flask")).found).toEqual([
      { name: "werkzeug", range: ">=3.1" },
      { name: "jinja2", range: ">=3.1.2" },
      { name: "itsdangerous", range: ">=2.2" },
      { name: "click", range: ">=8.1.3" },
      { name: "blinker", range: ">=1.9" },
      { name: "importlib-metadata", range: ">=3.6", marker: "python_version < '3.10'" },
      { name: "asgiref", range: ">=3.2", when: ["async"], marker: 'extra == "async"' },
      { name: "python-dotenv", range: "", when: ["dotenv"], marker: 'extra == "dotenv"' },
    ]);
  });
  test("requests[socks]", async () => {
    const required = requirementsOf(await metadata("requests")).found;
    const wanted = required.filter(({ when }) => !when || when.includes("socks"));
    expect(wanted.map(({ name, range }) => `${name} ${range}`)).toEqual([
      "charset-normalizer <4,>=2",
      "idna <4,>=2.5",
      "urllib3 <3,>=1.21.1",
      "certifi >=2017.4.17",
      "pysocks !=1.5.7,>=1.5.6",
    ]);
    expect(required.find(({ name }) => name === "chardet")?.when).toEqual(["use-chardet-on-py3"]);
  });
  test("cryptography: one thing always, extras of what an extra requires", async () => {
    const required = requirementsOf(await metadata("cryptography")).found;
    expect(required.filter(({ when }) => !when)).toEqual([
      { name: "cffi", range: ">=1.12", marker: "platform_python_implementation != 'PyPy'" },
    ]);
    expect(required.filter(({ when }) => when?.includes("nox"))).toEqual([
      { name: "nox", range: ">=2024.4.15", when: ["nox"], marker: "extra == 'nox'" },
      {
        name: "nox",
        range: ">=2024.3.2",
        asks: ["uv"],
        when: ["nox"],
        marker: "python_version >= '3.8' and extra == 'nox'",
      },
    ]);
  });
  test("uvicorn[standard], with brackets in its markers", async () => {
    const standard = requirementsOf(await metadata("uvicorn")).found.filter(({ when }) => when);
    expect(standard.every(({ when }) => when?.join() === "standard")).toBe(true);
    expect(standard.map(({ name }) => name)).toEqual([
      "colorama",
      "httptools",
      "python-dotenv",
      "pyyaml",
      "uvloop",
      "watchfiles",
      "websockets",
    ]);
  });
});

describe("one requirement", () => {
  test.each([
    [
      "Foo_Bar[A_b, c](>=1,<2);os_name=='nt'",
      { name: "foo-bar", range: ">=1,<2", asks: ["a-b", "c"], marker: "os_name=='nt'" },
    ],
    ["foo (==1.*)", { name: "foo", range: "==1.*" }],
    ["foo[]", { name: "foo", range: "" }],
    [
      "foo @ https://files.example/foo;v=1.zip",
      { name: "foo", range: "", elsewhere: "https://files.example/foo;v=1.zip" },
    ],
    [
      'foo[x]@git+https://git.example/foo@main ; extra == "y"',
      {
        name: "foo",
        range: "",
        asks: ["x"],
        when: ["y"],
        marker: 'extra == "y"',
        elsewhere: "git+https://git.example/foo@main",
      },
    ],
  ])("%s", (line, requirement) => expect(one(line)).toEqual(requirement));
  test("may stand in more than one line", () => {
    expect(
      requirementsOf(
        'Metadata-Version: 2.1\r\nRequires-Dist: foo\r\n  >=1;\r\n\textra == "x"\r\n\r\nRequires-Dist: no\r\n',
      ).found,
    ).toEqual([{ name: "foo", range: ">=1", when: ["x"], marker: 'extra == "x"' }]);
  });
  test.each(["", "Requires-Dist: bar>=2\n"])("that names nothing is left out, and told; the rest is read", (rest) => {
    const { found, leftOut } = requirementsOf(`Metadata-Version: 2.1\nRequires-Dist: @@@\n${rest}`);
    expect(found.map(({ name }) => name)).toEqual(rest ? ["bar"] : []);
    expect(leftOut).toEqual([{ entry: "Requires-Dist: @@@", reason: "it names nothing" }]);
  });
  test("any text is a requirement, or left out", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (line) => {
        requirementsOf(`Metadata-Version: 2.1\nRequires-Dist: ${line}`);
      }),
    );
  });
  test("long ones take no long time", () => {
    const started = performance.now();
    for (const unit of ["a", " ", "[", "(", ";", "a\u2028", ",", "=", "@ "]) {
      try {
        one(unit.repeat(200_000));
      } catch {}
    }
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

test.each([
  ["acme-1.0.tar.gz", true, undefined],
  ["acme-1.0.zip", true, undefined],
  ["acme-1.0-py3-none-any.whl", false, "py3-none-any"],
  ["acme-1.0-py2.7.egg", false, 'python_version == "2.7"'],
  ["acme-1.0.win-amd64-py2.7.exe", false, 'sys_platform == "win32" and python_version == "2.7"'],
  ["acme-1.0.win32.msi", false, 'sys_platform == "win32"'],
  ["acme-1.0.linux-x86_64.tar.gz", false, undefined],
  ["acme-1.0-1.noarch.rpm", false, undefined],
])("%s is source: %p, limited to %p", (file, isSource, marker) => {
  expect(isSourceArchive(file)).toBe(isSource);
  expect(markerOfFile(file)).toBe(marker);
});
