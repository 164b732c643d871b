import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DEBIAN_PACKAGES, debianPlugin } from "../registries/debian-maven.ts";
import type { Client } from "./client.ts";
import { missingProgram, prepare, run, write } from "./run.ts";

const PLUGIN = "maven-dependency-plugin";
const COPIED = "target/dependency";

/**
 * Everything comes from the one URL (`mirrorOf` *), the dependency plugin and what it needs too: the upstream overlays
 * `debianMaven`. Wrong checksums are errors. There is no lockfile.
 */
export const mvn: Client = {
  name: "mvn",
  ecosystem: "maven",
  program: ["mvn"],
  unavailable: () =>
    missingProgram("mvn") ??
    (debianPlugin(PLUGIN) ? undefined : `Debian packages are missing: ${DEBIAN_PACKAGES.join(", ")}`),
  async install(options) {
    const home = await prepare(options, "target");
    const dependencies = Object.entries(options.packages).map(([name, version]) => {
      const [group, artifact] = name.split(":");
      const coordinates = `<groupId>${group}</groupId><artifactId>${artifact}</artifactId>`;
      return `    <dependency>${coordinates}<version>${version}</version></dependency>\n`;
    });
    await write(options.dir, {
      "pom.xml": `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>project</groupId><artifactId>project</artifactId><version>1.0</version><packaging>pom</packaging>
  <dependencies>\n${dependencies.join("")}  </dependencies>
</project>\n`,
      ".home/settings.xml": settings(options.url, `${home}/repository`),
    });
    const goal = `org.apache.maven.plugins:${PLUGIN}:${debianPlugin(PLUGIN)}:copy-dependencies`;
    const flags = [
      "--batch-mode",
      "--strict-checksums",
      "--no-transfer-progress",
      "--settings",
      `${home}/settings.xml`,
    ];
    const env = { MAVEN_OPTS: `-Duser.home=${home}` };
    return run(options, env, ["mvn", ...flags, goal, `-DoutputDirectory=${COPIED}`]);
  },
  /** By the jar that was copied. */
  async installed(dir, name) {
    const artifact = name.split(":")[1] ?? name;
    const jars = await readdir(join(dir, COPIED)).catch(() => []);
    const jar = jars.find((file) => file.startsWith(`${artifact}-`) && /^\d/.test(file.slice(artifact.length + 1)));
    return jar?.slice(artifact.length + 1).replace(/\.jar$/, "");
  },
};

function settings(url: string, localRepository: string): string {
  return `<settings>
  <localRepository>${localRepository}</localRepository>
  <mirrors><mirror><id>registry</id><mirrorOf>*</mirrorOf><url>${url}</url></mirror></mirrors>
  <profiles><profile><id>snapshots</id><repositories><repository>
    <id>registry</id><url>${url}</url><snapshots><enabled>true</enabled></snapshots>
  </repository></repositories></profile></profiles>
  <activeProfiles><activeProfile>snapshots</activeProfile></activeProfiles>
</settings>\n`;
}
