import { expect, test } from "bun:test";
import {
  ofWorker,
  type Profile,
  type ProfileName,
  profileOf,
  requireUpstream,
  scratchProfile,
} from "../../src/app/profile.ts";

const DEFAULTS = { offline: false, cache_metadata: true };

const names = (isTrue: (profile: Profile) => boolean, config = DEFAULTS) =>
  (
    [
      "serve",
      "mirror",
      "mirror beside clients",
      "estimate",
      "preview",
      "verify",
      "repair",
      "inspect",
      "administer",
    ] satisfies ProfileName[]
  ).filter((name) => isTrue(profileOf(name, config)));

test("mirrors pin what they fetch, may wait for the disk, and keep documents whatever the configuration says", () => {
  const mirrors: ProfileName[] = ["mirror", "mirror beside clients", "estimate", "preview"];
  expect(names(({ pinsWhatItFetches }) => pinsWhatItFetches)).toEqual(mirrors);
  expect(names(({ waitsForDisk }) => waitsForDisk)).toEqual(mirrors);
  expect(names(({ keepsDocuments }) => keepsDocuments, { ...DEFAULTS, cache_metadata: false })).toEqual([
    ...mirrors,
    "repair",
  ]);
});

test("a check of sources makes no upstream requests, nor does anything that is offline", () => {
  expect(names(({ makesUpstreamRequests }) => !makesUpstreamRequests)).toEqual(["verify"]);
  expect(names(({ makesUpstreamRequests }) => makesUpstreamRequests, { ...DEFAULTS, offline: true })).toEqual([]);
  expect(() => requireUpstream("a mirror makes", { offline: true })).toThrow("a mirror makes upstream requests, and");
  expect(() => requireUpstream("a mirror makes", { offline: false })).not.toThrow();
});

test("what only reads a store does not create one, and workers do not claim it", () => {
  expect(names(({ createsStore }) => !createsStore)).toEqual(["verify", "repair", "inspect"]);
  expect(names(({ claimsStore }) => claimsStore)).toEqual(["serve", "mirror", "repair"]);
  expect(ofWorker(profileOf("serve", DEFAULTS)).claimsStore).toBe(false);
});

test("an estimate writes to a folder of its own, and crosses to other threads", () => {
  const profile = scratchProfile("estimate", DEFAULTS, "/tmp/x");
  expect(profile).toEqual({ ...profileOf("estimate", DEFAULTS), scratch: "/tmp/x" });
  expect(structuredClone(profile)).toEqual(profile);
});
