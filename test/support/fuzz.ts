/** Damage to files, and what must hold whatever the damage is. */
import fc from "fast-check";
import { afterAll, beforeAll, expect } from "vitest";

export type Damage = (bytes: Uint8Array) => Uint8Array;

/** Where a damage is, as a share of the file: evenly, where fast-check likes the ends and doubles near 0 better. */
const place = fc.noBias(fc.nat(2 ** 30 - 1)).map((parts) => parts / 2 ** 30);

/** Numbers that readers fall over: 0, the largest, and those beside. */
const number = fc.oneof(
  fc.constantFrom(0, 1, 0x7f, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe),
  fc.nat(1000),
  fc.nat(),
);

/** Bytes changed, a number set to an odd one, the end cut off, bytes removed, put in, or copied elsewhere. */
export const damages: fc.Arbitrary<Damage> = fc.oneof(
  { weight: 4, arbitrary: edit(fc.uint8Array({ minLength: 1, maxLength: 4 })) },
  {
    weight: 4,
    arbitrary: edit(
      number.map((n) => new Uint8Array(Uint32Array.of(n).buffer)),
    ),
  },
  place.map((at) => (bytes: Uint8Array) => bytes.slice(0, at * bytes.length)),
  fc.tuple(place, fc.integer({ min: 1, max: 64 })).map(
    ([at, length]): Damage =>
      (bytes) =>
        spliced(bytes, at, length, new Uint8Array()),
  ),
  fc.tuple(place, fc.uint8Array({ minLength: 1, maxLength: 64 })).map(
    ([at, more]): Damage =>
      (bytes) =>
        spliced(bytes, at, 0, more),
  ),
  fc
    .tuple(place, place, fc.integer({ min: 1, max: 200 }))
    .map(([from, to, length]): Damage => (bytes) => {
      const start = Math.floor(from * bytes.length);
      return spliced(bytes, to, 0, bytes.slice(start, start + length));
    }),
);

/** One of `files` with one to three damages. */
export function damaged(
  files: readonly Uint8Array[],
): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(
      fc.constantFrom(...files),
      fc.array(damages, { minLength: 1, maxLength: 3 }),
    )
    .map(([file, list]) => list.reduce((so, damage) => damage(so), file));
}

/** Bytes that overwrite others. */
function edit(given: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Damage> {
  return fc.tuple(place, given).map(
    ([at, others]): Damage =>
      (bytes) =>
        spliced(bytes, at, others.length, others),
  );
}

function spliced(
  bytes: Uint8Array,
  share: number,
  removed: number,
  added: Uint8Array,
): Uint8Array {
  const at = Math.floor(share * bytes.length);
  const behind = bytes.subarray(at + removed);
  const result = new Uint8Array(at + added.length + behind.length);
  result.set(bytes.subarray(0, at));
  result.set(added, at);
  result.set(behind, at + added.length);
  return result;
}

/** What `call` takes of the processor, in ms: the clock says more of what else runs on the machine. */
export function processorTime(call: () => void): number {
  const before = process.cpuUsage();
  call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/**
 * The same files in every run of the suite. `FUZZ=20 npx vitest run test/load/fuzz.test.ts` damages 20 times as many, and
 * `FUZZ_SEED` others.
 */
export const runs = (numRuns: number) => ({
  seed: Number(process.env["FUZZ_SEED"] ?? 1),
  numRuns: numRuns * Number(process.env["FUZZ"] ?? 1),
});

/** Fails the file's tests when any of them has changed what all objects inherit. */
export function expectPrototypesUnchanged(): void {
  const prototypes = [Object, Array, Map, Function, Uint8Array, String].map(
    (type) => type.prototype as object,
  );
  const snapshot = () =>
    prototypes.map((prototype) =>
      Reflect.ownKeys(prototype).map((key) => {
        const { value, get, set } = Object.getOwnPropertyDescriptor(
          prototype,
          key,
        )!;
        return [key, value, get, set];
      }),
    );
  let before: unknown[][][];
  beforeAll(() => void (before = snapshot()));
  afterAll(() => {
    const after = snapshot();
    expect(after.flat(2).length).toBe(before.flat(2).length);
    const changed = after
      .flat(2)
      .filter((part, index) => part !== before.flat(2)[index]);
    expect(changed).toEqual([]);
  });
}
