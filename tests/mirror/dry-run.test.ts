/** A dry run tells what a run fetches: which files, and their bytes. */
import { expect, test } from "bun:test";
import { cargo } from "../../ecosystems/cargo.ts";
import { gem } from "../../ecosystems/gem.ts";
import { golang } from "../../ecosystems/golang.ts";
import { maven } from "../../ecosystems/maven.ts";
import { npm } from "../../ecosystems/npm.ts";
import { nuget } from "../../ecosystems/nuget.ts";
import { pypi } from "../../ecosystems/pypi.ts";
import { mirrored } from "../support/mirrored.ts";
import { projects } from "../support/projects.ts";

const ecosystems = { npm, pypi, cargo, gem, golang, nuget, maven };

test.each(Object.entries(ecosystems))(
  "%s: the files, and their bytes where upstream says them",
  async (id, ecosystem) => {
    const { registry, packages, expected } = projects[id as keyof typeof ecosystems];
    const purls = Object.keys(packages).map(
      (name) => `pkg:${id}/${name.replace(":", "/")}@${Object.entries(expected).find(([each]) => each === name)![1]}`,
    );
    const planned = await mirrored(ecosystem, registry, purls, { dry: true });
    const run = await mirrored(ecosystem, registry, purls);
    const told = (of: typeof run, ...kinds: string[]) =>
      of.outcomes
        .filter((each) => kinds.includes(each.outcome) && each.purl.includes("/"))
        .map(({ path = "", size }) => ({ path, size: size ?? 0 }));
    const fetched = new Map(told(run, "fetched", "held").map(({ path, size }) => [path, size]));
    const plan = told(planned, "planned");
    const paths = plan.map(({ path }) => path);
    expect(paths.toSorted()).toEqual([...fetched.keys()].toSorted());
    expect(plan.filter(({ path, size }) => size > 0 && size !== fetched.get(path))).toEqual([]);
    // What is not known is of documents, which are small.
    const unknown = plan.filter(({ size }) => size === 0).map(({ path }) => path);
    expect(unknown.filter((path) => !/\.(?:info|sha1|md5|asc)$/.test(path))).toEqual([]);
    expect(planned.progress.failed).toBe(0);
  },
);
