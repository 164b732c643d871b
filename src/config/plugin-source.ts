/** Plugin files from outside, as the configuration names them and as they were read. */
import type { Ecosystem } from "../contract/ecosystem.ts";

/** What the configuration says of one. */
export interface WantedPlugin {
  /** A plugin file, or a folder of them. */
  file: string;
  /** What it must hash to, in lowercase hex. */
  sha256?: string | undefined;
}

/** A plugin as it was read. Structured-cloneable: every thread runs these bytes, whatever the disk says later. */
export interface PluginSource {
  /** Its absolute path. */
  file: string;
  /** File name and id. */
  id: string;
  /** Of the file; where it imports others beside it, of what `sha256sum` prints of all of them, the file itself first. */
  sha256: string;
  /** Absolute path → text: the file, and those beside it that it imports. */
  texts: Readonly<Record<string, string>>;
}

/** A file that was not made part of the program. */
export interface Refusal {
  file: string;
  /** File name without its ending: the id that it would have had. */
  id: string;
  /** `/etc/proxy/acme.ts:3: …`, one for each thing that is wrong. */
  reasons: readonly string[];
}

/** Those from outside, and all that there are with them. */
export interface Plugins {
  sources: readonly PluginSource[];
  refused: readonly Refusal[];
  ecosystems: readonly Ecosystem[];
}
