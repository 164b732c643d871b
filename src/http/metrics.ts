import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { on } from "../contract/events.ts";
import type { MaybePromise } from "../index/port.ts";
import type { Totals } from "../index/rows.ts";

import type { Mount } from "../mounts/mounts.ts";
import { stepOf } from "./health.ts";
import { Tally } from "./tally.ts";

/** Seconds; from a memory hit to a slow download. */
const BUCKETS = [0.0005, 0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60];

/** As alerts of the Go peer have them. */
const BREAKER: Readonly<Record<string, number>> = { closed: 0, "half-open": 1, open: 2 };

/** The Prometheus series. Names that the Go peer has are the same here; `ecosystem` and `mount` label what belongs to one. */
export class Metrics {
  readonly registry = new Registry();
  readonly #labels = new Map<string, { ecosystem: string; mount: string }>();
  readonly #durations = this.#histogram(
    "proxy_request_duration_seconds",
    "From the request to the head of its answer.",
    ["ecosystem", "mount", "status"],
  );
  readonly #times = new Map<string, Record<string, string>>();
  readonly #statuses = new Tally();
  readonly #bytes = new Tally();
  #active = 0;

  /** `jobs`: how many mirror jobs there are in each state. */
  constructor(
    mounts: Iterable<Mount>,
    totals: () => Totals,
    jobs: () => MaybePromise<{ state: string; count: number }[]> = () => [],
  ) {
    for (const { name, ecosystem } of mounts) this.#labels.set(name, { ecosystem: ecosystem.id, mount: name });
    this.#gauge("proxy_cache_size_bytes", "Bytes of the blobs held.", () => totals().bytes);
    this.#gauge("proxy_cached_artifacts_total", "Immutable files held.", () => totals().artifacts);
    this.#gauge("proxy_active_requests", "Requests being answered.", () => this.#active);
    const byState: Gauge = new Gauge({
      name: "proxy_mirror_jobs",
      help: "Mirror jobs of this store.",
      labelNames: ["state"],
      registers: [this.registry],
      collect: async () => {
        const counts = await jobs();
        byState.reset();
        for (const { state, count } of counts) byState.set({ state }, count);
      },
    });
    this.#tallied("proxy_requests_total", "Requests answered.", this.#statuses, "status");
    this.#tallied("proxy_response_bytes_total", "Bytes of bodies sent to clients.", this.#bytes);
    this.#observe();
  }

  began(): void {
    this.#active++;
  }

  ended(mount: string, status: number, bytes: number, milliseconds: number): void {
    this.#active--;
    this.#statuses.add(mount, status);
    this.#durations.observe(this.#timed(mount, status), milliseconds / 1_000);
    if (bytes > 0) this.#bytes.add(mount, "", bytes);
  }

  /** The labels of an answer's time: made once, since each costs a hit some of its own. */
  #timed(mount: string, status: number): Record<string, string> {
    const key = `${status} ${mount}`;
    let labels = this.#times.get(key);
    if (!labels) {
      labels = { ...this.#of(mount), status: String(status) };
      this.#times.set(key, labels);
    }
    return labels;
  }

  /** Counts what the lower layers tell. */
  #observe(): void {
    const outcomes = { hit: new Tally(), miss: new Tally(), stale: new Tally() };
    this.#tallied("proxy_cache_hits_total", "Answers from what is held and current.", outcomes.hit);
    this.#tallied("proxy_cache_misses_total", "Answers that were fetched from upstream.", outcomes.miss);
    this.#tallied(
      "proxy_cache_stale_total",
      "Answers from what is held although upstream could not be asked.",
      outcomes.stale,
    );
    on("served", ({ mount, outcome }) => outcomes[outcome].add(mount, ""));
    const waits = this.#counter("proxy_single_flight_waits_total", "Requests that joined a fetch under way.", [
      "ecosystem",
      "mount",
    ]);
    on("waited", ({ mount }) => waits.inc(this.#of(mount)));
    const upstream = this.#histogram("proxy_upstream_fetch_duration_seconds", "From asking upstream to its headers.", [
      "ecosystem",
      "mount",
    ]);
    const errors = this.#counter("proxy_upstream_errors_total", "Upstream did not answer, or with a server error.", [
      "ecosystem",
      "mount",
    ]);
    on("upstream", ({ mount, status, milliseconds }) => {
      upstream.observe(this.#of(mount), milliseconds / 1_000);
      if (status === undefined || status >= 500 || status === 429) errors.inc(this.#of(mount));
    });
    const fetched = this.#counter("proxy_upstream_bytes_total", "Bytes received from upstream.", [
      "ecosystem",
      "mount",
    ]);
    on("fetched", ({ mount, bytes }) => fetched.inc(this.#of(mount), bytes));
    const mismatches = this.#counter("proxy_integrity_failures_total", "Bytes that were not those promised.", [
      "ecosystem",
      "mount",
    ]);
    on("mismatch", ({ mount }) => mismatches.inc(this.#of(mount)));
    const generations = this.#counter(
      "proxy_generations_total",
      "New generations that were published, or kept back because upstream did not have all of one.",
      ["ecosystem", "mount", "state"],
    );
    on("generation", ({ mount, state }) => generations.inc({ ...this.#of(mount), state }));
    const untrusted = this.#counter("proxy_signature_failures_total", "Signatures that were wrong, or missing.", [
      "ecosystem",
      "mount",
      "kind",
    ]);
    on("untrusted", ({ mount, kind }) => untrusted.inc({ ...this.#of(mount), kind }));
    const storage = this.#histogram("proxy_storage_operation_duration_seconds", "Work of the store.", ["operation"]);
    const storageErrors = this.#counter("proxy_storage_errors_total", "Failed work of the store.", ["operation"]);
    const probes = this.#counter("proxy_health_probe_failures_total", "Probes of the store that failed.", ["step"]);
    on("stored", ({ operation, milliseconds, error }) => {
      storage.observe({ operation }, milliseconds / 1_000);
      if (!error) return;
      storageErrors.inc({ operation });
      if (operation === "probe") probes.inc({ step: stepOf(error) });
    });
    const trips = this.#counter("proxy_circuit_breaker_trips_total", "Times an upstream host was left alone.", [
      "registry",
    ]);
    const state = new Gauge({
      name: "proxy_circuit_breaker_state",
      help: "Whether an upstream host is asked: 0 yes, 1 by one request that tries it, 2 no.",
      labelNames: ["registry"],
      registers: [this.registry],
    });
    on("breaker", ({ host: registry, state: now }) => {
      state.set({ registry }, BREAKER[now] ?? 0);
      if (now === "open") trips.inc({ registry });
    });
  }

  #of(mount: string) {
    return this.#labels.get(mount) ?? { ecosystem: "", mount };
  }

  #counter(name: string, help: string, labelNames: string[]) {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  /** A counter that hears of a tally's sums when it is read. `label`: what the tally counts beside mounts. */
  #tallied(name: string, help: string, tally: Tally, label?: string) {
    const counter: Counter = new Counter({
      name,
      help,
      labelNames: ["ecosystem", "mount", ...(label ? [label] : [])],
      registers: [this.registry],
      collect: () => {
        for (const { mount, label: value, sum } of tally.take())
          counter.inc({ ...this.#of(mount), ...(label && { [label]: value }) }, sum);
      },
    });
  }

  #histogram(name: string, help: string, labelNames: string[]) {
    return new Histogram({ name, help, labelNames, buckets: BUCKETS, registers: [this.registry] });
  }

  #gauge(name: string, help: string, read: () => number) {
    const gauge: Gauge = new Gauge({ name, help, registers: [this.registry], collect: () => gauge.set(read()) });
  }
}
