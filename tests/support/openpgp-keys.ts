/** OpenPGP keys and signatures as archives make them, by gpg in a home of its own. */
import { join } from "node:path";
import { temporaryFolder } from "./temporary-folder.ts";

export const hasGpg = Bun.which("gpg") !== null;

/** `2020-06-01`, at which the key is made and signs. */
const MADE = "20200601T000000";

export interface OpenPgpSigner extends AsyncDisposable {
  armored(): Promise<Uint8Array>;
  binary(): Promise<Uint8Array>;
  clearsign(text: string): Promise<Uint8Array>;
  detach(text: string): Promise<Uint8Array>;
  revoke(): Promise<void>;
}

/** `expires`: as gpg takes it (`1y` after it is made, which is on 2020-06-01); `algorithm`: `ed25519`, `rsa2048`. */
export async function openPgpSigner(algorithm = "ed25519", expires = "never"): Promise<OpenPgpSigner> {
  const home = await temporaryFolder();
  const run = async (args: readonly string[], input = "") => {
    const base = [
      "gpg",
      "--homedir",
      home.path,
      "--batch",
      "--yes",
      "--quiet",
      "--passphrase",
      "",
      "--faked-system-time",
    ];
    const child = Bun.spawn([...base, MADE, ...args], {
      stdin: new TextEncoder().encode(input),
      stderr: "pipe",
      stdout: "pipe",
    });
    const [out, said, code] = await Promise.all([child.stdout.bytes(), child.stderr.text(), child.exited]);
    if (code !== 0) throw new Error(`gpg ${args.join(" ")}: ${said}`);
    return out;
  };
  await run(["--quick-generate-key", "Archive <archive@signed.example>", algorithm, "sign", expires]);
  return {
    armored: () => run(["--export", "--armor"]),
    binary: () => run(["--export"]),
    clearsign: (text) => run(["--clearsign"], text),
    detach: (text) => run(["--armor", "--detach-sign"], text),
    revoke: async () => {
      const [certificate] = Array.from(new Bun.Glob("openpgp-revocs.d/*.rev").scanSync({ cwd: home.path }));
      const text = await Bun.file(join(home.path, certificate!)).text();
      // Nobody is to import it by mistake.
      await run(["--import"], text.replace(":-----BEGIN", "-----BEGIN"));
    },
    [Symbol.asyncDispose]: async () => {
      const stop = Bun.spawn(["gpgconf", "--homedir", home.path, "--kill", "all"], { stderr: "ignore" });
      await stop.exited;
      await home.remove();
    },
  };
}
