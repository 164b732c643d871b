/** Media types as they are sent: of what upstream says only what no browser shows as a page of our origin or runs. */
const BYTES = "application/octet-stream";
const TEXT = "text/plain; charset=utf-8";
/** What a browser renders as a document or runs, and what it may take for one. */
const ACTIVE = /html|xml|svg|script|css|pdf|flash|mathml|multipart|message\//i;
/** Of documents XML is a format that clients read. */
const PAGE = /html|svg|script|css|pdf|flash|mathml|multipart|message\//i;
const PLAIN = /^(?:application|text|image|audio|video|font)\/[\w.+-]+(?:\s*;.*)?$/i;

/** Of an artifact: whatever is no archive or plain file is bytes. */
export function artifactType(upstream: string): string {
  return PLAIN.test(upstream) && !ACTIVE.test(upstream) ? upstream : BYTES;
}

/** Of a document whose route names no media types of its own. */
export function documentType(upstream: string): string {
  return PAGE.test(upstream) ? TEXT : upstream;
}
