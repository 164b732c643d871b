import { cargo } from "../../ecosystems/cargo.ts";
import { golang } from "../../ecosystems/golang.ts";
import { maven } from "../../ecosystems/maven.ts";
import { npm } from "../../ecosystems/npm.ts";
import { pypi } from "../../ecosystems/pypi.ts";
import { conforms } from "../conformance.ts";

const fixture = (path: string) => Bun.file(`${import.meta.dir}/../fixtures/${path}`).text();

conforms(npm, {
  upstreams: { default: "https://npm.example" },
  name: "@acme/is",
  samples: [{ path: "/@acme%2fis", body: await fixture("npm/acme-is.json") }],
});

conforms(pypi, {
  upstreams: { default: "https://pypi.example", files: "https://files.example" },
  name: "Acme.Tool",
  samples: [
    {
      path: "/simple/acme-tool/",
      mediaType: "application/vnd.pypi.simple.v1+json",
      body: await fixture("pypi/acme-tool.json"),
    },
    { path: "/simple/acme-tool/", mediaType: "text/html", body: await fixture("pypi/acme-tool.html") },
    { path: "/pypi/acme-tool/json", body: await fixture("pypi/acme-tool.legacy.json") },
    {
      path: "/packages/aa/bb/cc/acme_tool-2.0-py3-none-any.whl.metadata",
      mediaType: "text/plain",
      body: await fixture("pypi/acme-tool.metadata"),
      truncation: "none",
    },
  ],
});

conforms(cargo, {
  upstreams: { default: "https://index.example", download: "https://files.example/{crate}-{version}.crate" },
  name: "acme-core",
  samples: [
    {
      path: "/ac/me/acme-core",
      mediaType: "text/plain",
      body: await fixture("cargo/acme-core.txt"),
      truncation: "line",
    },
  ],
});

conforms(golang, {
  upstreams: { default: "https://go.example", "sumdb/sum.example": "https://sum.example" },
  name: "go.example/Acme/lib",
  samples: [
    {
      path: "/go.example/!acme/lib/@v/list",
      mediaType: "text/plain",
      body: await fixture("golang/list.txt"),
      truncation: "none",
    },
    { path: "/go.example/!acme/lib/@v/v0.3.0.info", body: await fixture("golang/v0.3.0.info") },
    {
      path: "/go.example/!acme/lib/@v/v1.0.0.mod",
      mediaType: "text/plain",
      body: await fixture("golang/go.mod.txt"),
      truncation: "none",
    },
  ],
});

conforms(maven, {
  upstreams: { default: "https://maven.example/repo" },
  name: "org.acme/lib",
  samples: [
    {
      path: "/org/acme/lib/maven-metadata.xml",
      mediaType: "text/xml",
      body: await fixture("maven/maven-metadata.xml"),
    },
    { path: "/org/acme/lib/1.9.0/lib-1.9.0.pom", mediaType: "text/xml", body: await fixture("maven/lib.pom") },
    { path: "/org/acme/lib/1.9.0/lib-1.9.0.module", body: await fixture("maven/lib.module") },
  ],
});
