/** The structure of a zip archive (PKWARE APPNOTE 4.3), and what it would hash to without one of its members. */

export interface Member {
  name: string;
  /** 0: stored as it is. */
  method: number;
  /** Bytes, as it is stored. */
  size: number;
  /** Where its local header, its bytes and its entry in the directory begin. */
  header: number;
  start: number;
  entry: number;
  entrySize: number;
}

export interface Archive {
  members: Member[];
  /** Base64; of the archive as it was before the member was added. */
  hashWithout(member: Member, algorithm: "sha256" | "sha384" | "sha512"): Promise<string>;
}

const LOCAL = 30;
const ENTRY = 46;
const END = 22;
const MOST_COMMENT = 0xffff;
const SIGNATURES = { local: 0x04034b50, entry: 0x02014b50, end: 0x06054b50 } as const;

/** Throws where it is no zip archive, or one of more than 4 GB. */
export async function membersOf(zip: Blob): Promise<Archive> {
  const { end, at } = await endOf(zip);
  const [size, offset] = [end.readUInt32LE(12), end.readUInt32LE(16)];
  if (offset + size !== at) throw new Error("its directory does not stand where its end says");
  const directory = Buffer.from(await zip.slice(offset, at).bytes());
  const members: Member[] = [];
  for (let entry = 0; entry < directory.length; ) {
    const member = await memberAt(zip, directory, entry);
    members.push(member);
    entry += member.entrySize;
  }
  if (members.length !== end.readUInt16LE(10)) throw new Error("its directory has not as many members as its end says");
  const hashWithout: Archive["hashWithout"] = async (member, algorithm) => {
    const hasher = new Bun.CryptoHasher(algorithm);
    const gap = member.start + member.size - member.header;
    await add(hasher, zip.slice(0, member.header));
    await add(hasher, zip.slice(member.header + gap, offset));
    for (const { entry, entrySize, header } of members) {
      if (entry === member.entry) continue;
      const copy = Buffer.from(directory.subarray(entry, entry + entrySize));
      if (header > member.header) copy.writeUInt32LE(header - gap, 42);
      hasher.update(copy);
    }
    const last = Buffer.from(end);
    for (const count of [8, 10]) last.writeUInt16LE(end.readUInt16LE(count) - 1, count);
    last.writeUInt32LE(size - member.entrySize, 12);
    last.writeUInt32LE(offset - gap, 16);
    return hasher.update(last).digest("base64");
  };
  return { members, hashWithout };
}

async function endOf(zip: Blob): Promise<{ end: Buffer; at: number }> {
  const from = Math.max(0, zip.size - END - MOST_COMMENT);
  const tail = Buffer.from(await zip.slice(from).bytes());
  for (let at = tail.length - END; at >= 0; at--)
    if (tail.readUInt32LE(at) === SIGNATURES.end && at + END + tail.readUInt16LE(at + 20) === tail.length)
      return { end: tail.subarray(at), at: from + at };
  throw new Error("it is no zip archive");
}

async function memberAt(zip: Blob, directory: Buffer, entry: number): Promise<Member> {
  const broken = new Error("its directory is broken");
  if (entry + ENTRY > directory.length || directory.readUInt32LE(entry) !== SIGNATURES.entry) throw broken;
  const [name, extra, comment] = [28, 30, 32].map((at) => directory.readUInt16LE(entry + at)) as [
    number,
    number,
    number,
  ];
  const header = directory.readUInt32LE(entry + 42);
  const local = Buffer.from(await zip.slice(header, header + LOCAL).bytes());
  if (local.length < LOCAL || local.readUInt32LE(0) !== SIGNATURES.local) throw broken;
  return {
    name: directory.toString("utf8", entry + ENTRY, entry + ENTRY + name),
    method: directory.readUInt16LE(entry + 10),
    size: directory.readUInt32LE(entry + 20),
    header,
    start: header + LOCAL + local.readUInt16LE(26) + local.readUInt16LE(28),
    entry,
    entrySize: ENTRY + name + extra + comment,
  };
}

async function add(hasher: Bun.CryptoHasher, part: Blob): Promise<void> {
  for await (const chunk of part.stream()) hasher.update(chunk);
}
