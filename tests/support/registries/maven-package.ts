/** Maven packages as tests tell them, and how their versions are written. */
import type { Package, Release } from "./package.ts";

export interface MavenRelease extends Release {
  /** Default `jar`; `pom` for parents and BOMs, which have no jar. */
  packaging?: "jar" | "pom";
  /** `group:artifact:version`. */
  parent?: string;
  properties?: Readonly<Record<string, string>>;
  /** dependencyManagement: version by `group:artifact`. */
  managed?: Readonly<Record<string, string>>;
  /** Exclusions, `group:artifact` each, by the dependency that has them. */
  excludes?: Readonly<Record<string, readonly string[]>>;
  /** BOMs imported into dependencyManagement: version (`${bom.version}` too) by `group:artifact`. */
  imports?: Readonly<Record<string, string>>;
  /** Further jars: `["sources", "javadoc"]`. */
  classifiers?: readonly string[];
  /** Gradle module metadata beside the POM, and the comment in the POM that announces it. */
  module?: boolean;
}

/**
 * Named `group:artifact`, dependencies too; a dependency whose version is "" has its version managed. A version that ends with
 * `-SNAPSHOT` gets one timestamped build.
 */
export type MavenPackage = Package<MavenRelease>;

export const isSnapshot = (version: string): boolean => version.endsWith("-SNAPSHOT");

/** How a version stands in file names: that of a snapshot is its timestamp and build number. */
export const fileVersion = (version: string): string => version.replace(/SNAPSHOT$/, "20240101.000000-1");
