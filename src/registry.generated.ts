// Written by scripts/generate.ts from the files of ecosystems/. Do not edit.
import { cargo } from "../ecosystems/cargo.ts";
import { debian } from "../ecosystems/debian.ts";
import { gem } from "../ecosystems/gem.ts";
import { golang } from "../ecosystems/golang.ts";
import { helm } from "../ecosystems/helm.ts";
import { maven } from "../ecosystems/maven.ts";
import { npm } from "../ecosystems/npm.ts";
import { nuget } from "../ecosystems/nuget.ts";
import { oci } from "../ecosystems/oci.ts";
import { pypi } from "../ecosystems/pypi.ts";
import type { Ecosystem } from "./contract/ecosystem.ts";

/** Every ecosystem in this executable, by id. */
export const ecosystems: readonly Ecosystem[] = [cargo, debian, gem, golang, helm, maven, npm, nuget, oci, pypi];
