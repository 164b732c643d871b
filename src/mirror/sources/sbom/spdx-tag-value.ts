import { BadRequest } from "../../../lib/errors.ts";
import type { Findings } from "./findings.ts";
import { checkSpdx, componentOfSpdx, relate, type SpdxPackage } from "./spdx.ts";

/** Characters of one value. */
const LONGEST = 1024 * 1024;

interface Package extends SpdxPackage {
  references: { type: string; locator: string }[];
  checksums: { algorithm: string; value: string }[];
  line: number;
  hasDownloadLocation: boolean;
}

/**
 * Reads the tag-value format of SPDX 2 (its annex on it) as it comes: `Tag: value` lines, values over several lines in
 * `<text>…</text>`, and comments. A package begins with PackageName and ends where another thing begins.
 *
 * The format has no end mark, so that a file cut between two lines may look whole; this refuses what can be told: a last
 * line without its end, an open `<text>`, a package without PackageDownloadLocation, which is mandatory.
 */
export class TagValueReader {
  readonly #findings: Findings;
  #version: string | undefined;
  #package: Package | undefined;
  #rest = "";
  #line = 0;
  /** Where a `<text>` began that is still open, and its length. */
  #textFrom = 0;
  #textLength = 0;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  write(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop()!;
    for (const line of lines) this.#take(line);
    if (this.#rest.length > LONGEST) this.#refuse(this.#line + 1, `longer than ${LONGEST} characters`);
  }

  end(): void {
    if (this.#rest.trim() !== "")
      this.#refuse(this.#line + 1, "the file ends within this line: it is cut off, or lacks its last line break");
    if (this.#textFrom > 0) this.#refuse(this.#textFrom, "<text> is never closed: the file is cut off");
    checkSpdx(this.#version);
    this.#finishPackage();
  }

  #take(line: string): void {
    this.#line++;
    if (this.#textFrom > 0) {
      this.#textLength += line.length;
      if (this.#textLength > LONGEST) this.#refuse(this.#textFrom, `<text> of more than ${LONGEST} characters`);
      if (line.includes("</text>")) this.#textFrom = 0;
      return;
    }
    const text = line.trim();
    if (text === "" || text.startsWith("#")) return;
    const [, tag, value = ""] = /^([A-Za-z][\w-]*):\s*(.*)$/s.exec(text) ?? [];
    if (tag === undefined) this.#refuse(this.#line, `expected "Tag: value", found "${text.slice(0, 60)}"`);
    const begin = value.indexOf("<text>");
    if (begin >= 0 && !value.includes("</text>", begin)) {
      this.#textFrom = this.#line;
      this.#textLength = value.length;
    }
    this.#state(tag, value.replace(/^<text>(.*)<\/text>$/, "$1").trim());
  }

  #state(tag: string, value: string): void {
    if (tag === "SPDXVersion") {
      if (this.#version !== undefined) this.#refuse(this.#line, "SPDXVersion is stated twice");
      checkSpdx(value);
      this.#version = value;
    } else if (tag === "Relationship") this.#relate(value);
    else if (tag === "PackageName") {
      this.#finishPackage();
      this.#package = { name: value, references: [], checksums: [], line: this.#line, hasDownloadLocation: false };
    } else if (tag === "FileName" || tag === "SnippetSPDXID" || tag === "LicenseID") this.#finishPackage();
    else if (this.#package) this.#describe(this.#package, tag, value);
  }

  #describe(pkg: Package, tag: string, value: string): void {
    if (tag === "SPDXID") pkg.id = this.#once(tag, pkg.id, value);
    else if (tag === "PackageVersion") pkg.version = this.#once(tag, pkg.version, value);
    else if (tag === "PackageDownloadLocation") {
      pkg.hasDownloadLocation = true;
      pkg.download = value;
    } else if (tag === "PackageChecksum") {
      const [, algorithm, hex] = /^([\w-]+):\s*(\S+)$/.exec(value) ?? [];
      if (algorithm === undefined || hex === undefined)
        this.#refuse(this.#line, `expected "PackageChecksum: ALGORITHM: HEX", found "${value.slice(0, 60)}"`);
      pkg.checksums.push({ algorithm, value: hex });
    } else if (tag === "ExternalRef") {
      const [, type, locator] = /^\S+\s+(\S+)\s+(\S+)$/.exec(value) ?? [];
      if (type === undefined || locator === undefined)
        this.#refuse(this.#line, `expected "ExternalRef: CATEGORY TYPE LOCATOR", found "${value.slice(0, 60)}"`);
      // Of the rest, there may be thousands: CPEs.
      if (type === "purl") pkg.references.push({ type, locator });
    }
  }

  #once(tag: string, known: string | undefined, value: string): string {
    if (known !== undefined) this.#refuse(this.#line, `${tag} of a package is stated twice`);
    return value;
  }

  #relate(value: string): void {
    const [of = "", type = "", to = ""] = value.split(/\s+/);
    relate(this.#findings, of, type, to);
  }

  #finishPackage(): void {
    const pkg = this.#package;
    this.#package = undefined;
    if (!pkg) return;
    if (!pkg.hasDownloadLocation)
      this.#refuse(pkg.line, `package ${pkg.name} has no PackageDownloadLocation: the file is cut off, or not SPDX 2`);
    this.#findings.add(componentOfSpdx(pkg), `line ${pkg.line}`);
  }

  #refuse(line: number, problem: string): never {
    throw new BadRequest(`line ${line}: ${problem}`);
  }
}
