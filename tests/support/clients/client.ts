/**
 * Real package managers, each as one small driver. Every install is that of a clean client: an empty HOME and empty caches
 * of its own, nothing installed, no settings of the user; only the manifest and the lockfile stay.
 */

export interface InstallOptions {
  /** The project's folder. The client's HOME and caches are made in `FOLDER/.home`, new for each install. */
  dir: string;
  /** The registry: base URL of an upstream's mount or of the proxy's (`http://127.0.0.1:8080/npm`), without a trailing slash. */
  url: string;
  /** Version requirement by name, in the words of the ecosystem; "" for any version. */
  packages: Readonly<Record<string, string>>;
  /** Over the driver's own environment: `{ GOSUMDB: … }`. */
  env?: Readonly<Record<string, string>>;
  /**
   * Installs exactly what the lockfile says, which an earlier install left in `dir` and which was written against this
   * registry URL; what a driver does about URLs in its lockfile it says itself. Default: the lockfile is made anew.
   */
  lockedAgainst?: string;
  /** Default: `COMMAND_SECONDS`. */
  timeoutSeconds?: number;
}

export interface Result {
  /** 0: installed. 124: killed at the time limit. */
  code: number;
  stdout: string;
  stderr: string;
  seconds: number;
}

/** `installed`, or what the client said: `expect(outcome(result)).toBe("installed")` shows it where a test fails. */
export function outcome({ code, stdout, stderr }: Result): string {
  return code === 0 ? "installed" : `exit code ${code}\n${stdout}${stderr}`;
}

export interface Client {
  /** `yarn-classic`. */
  readonly name: string;
  /** The id of its ecosystem, which is the name of the default mount too, but for `golang`, at `/go`. */
  readonly ecosystem: "npm" | "pypi" | "cargo" | "golang" | "maven" | "nuget" | "gem";
  /** Undefined when the client can run here, else what is missing. */
  unavailable(): string | undefined;
  /** What tells its version, with `--version` or these arguments. */
  readonly program: readonly string[];
  install(options: InstallOptions): Promise<Result>;
  /** The version that stands installed in a project after `install`. */
  installed(dir: string, name: string): Promise<string | undefined>;
  /** It takes whatever bytes it is sent: only the proxy checks them. */
  readonly trusts?: true;
  /** What the lockfile records, relative to `dir`. Undefined: the client has none. */
  readonly lockfile?: string;
}
