import { ecosystems } from "../../src/registry.generated.ts";

/** A path of each default upstream that shows whether it can be reached. */
const PATHS = {
  npm: "/is-odd",
  pypi: "/simple/six/",
  cargo: "/it/oa/itoa",
  golang: "/github.com/google/uuid/@v/v1.6.0.info",
  nuget: "/index.json",
  gem: "/info/rack",
  maven: "/org/slf4j/slf4j-api/2.0.16/slf4j-api-2.0.16.pom",
  debian: "/dists/trixie/InRelease",
} as const;

const answers = new Map<string, Promise<boolean>>();

/** Whether an ecosystem's default upstream can be reached; says so where it cannot. */
export function reached(id: keyof typeof PATHS): Promise<boolean> {
  const answer = answers.get(id) ?? ask(id);
  answers.set(id, answer);
  return answer;
}

async function ask(id: keyof typeof PATHS): Promise<boolean> {
  const upstream = [ecosystems.find((ecosystem) => ecosystem.id === id)?.upstreams.default].flat()[0];
  const answer = await fetch(`${upstream}${PATHS[id]}`, { signal: AbortSignal.timeout(10_000) }).catch(() => undefined);
  if (!answer?.ok) console.log(`skipped: the default upstream of ${id} cannot be reached`);
  return answer?.ok ?? false;
}
