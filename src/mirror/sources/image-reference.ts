import type { Purl } from "../../contract/purl.ts";
import { BadRequest } from "../../lib/errors.ts";

const PART = "[a-z0-9]+(?:(?:\\.|_{1,2}|-+)[a-z0-9]+)*";
const HOST = "(?:localhost|[\\w-]+(?:\\.[\\w-]+)+|\\[[0-9a-f:]+\\]|[\\w.-]+(?=:\\d+/))(?::\\d+)?";
const REFERENCE = new RegExp(
  `^(?:(?<host>${HOST})/)?(?<name>${PART}(?:/${PART})*)(?::(?<tag>\\w[\\w.-]{0,127}))?(?:@(?<digest>sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}))?$`,
);

/** What `docker pull` takes (`registry.example/team/app:1.0`), as a package URL. A digest wins over a tag; without either it is `latest`. */
export function readReference(text: string): Purl {
  const found = REFERENCE.exec(text)?.groups;
  if (!found)
    throw new BadRequest(`"${text.slice(0, 200)}" is no reference of an image; expected [HOST/]NAME[:TAG][@DIGEST]`);
  const { host, name = "", tag = "latest", digest } = found;
  return { type: "docker", name, version: digest ?? tag, ...(host && { qualifiers: { repository_url: host } }) };
}
