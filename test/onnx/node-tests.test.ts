import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/onnx/index.js";
import { FormatError } from "../../src/index.js";
import { damaged, runs } from "../support/fuzz.js";
import {
  type Case,
  cases,
  otherwise,
  type Packed,
} from "./support/node-tests.js";

/*
 * The tests that onnx has for its operators, as tools/make_onnx_node_tests.py writes them down: inputs, and the outputs
 * of their reference in NumPy.
 */

const numbersOf = ([, , numbers]: Packed): number[] => numbers.map(Number);

const givenOf = ({ inputs }: Pick<Case, "inputs">) =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, packed]) => [
      name,
      { shape: packed[1], data: numbersOf(packed) },
    ]),
  );

function run({ model: bytes, inputs, outputs, tolerance }: Case): void {
  const { model } = load(new Uint8Array(Buffer.from(bytes, "base64")));
  const given = givenOf({ inputs });
  // twice: what is kept from the first run must not show in the second
  model.run(given);
  const { runner } = model;
  const results = runner.compute(runner.check(given));
  Object.entries(outputs).forEach(([name, packed], i) => {
    const result = results[i]!;
    const [dtype, shape] = packed;
    expect(result.shape, name).toEqual(shape);
    const kind = dtype.startsWith("float") ? "float32" : dtype;
    expect(result.dtype, name).toBe(kind);
    numbersOf(packed).forEach((expected, k) => {
      const got = result.data[k]!;
      const exactly = kind !== "float32" || !Number.isFinite(expected);
      const within = exactly ? 0 : tolerance * Math.abs(expected) + 1e-6;
      const right = Math.abs(got - expected) <= within;
      if (!right && !Object.is(got, expected))
        expect(got, `${name}[${k}]`).toBe(expected);
    });
  });
}

const named = (own: Case) => [own.name, own] as const;

test("the fixture has onnx's cases", () => {
  expect(cases.length).toBeGreaterThan(700);
});

describe("a node test of onnx", () => {
  const right = cases.filter(({ name }) => otherwise(name) === undefined);
  test.each(right.map(named))("%s", (_, own) => run(own));

  const refused = cases.filter(({ name }) => otherwise(name));
  test.each(refused.map(named))("%s is refused", (name, { model }) => {
    const bytes = new Uint8Array(Buffer.from(model, "base64"));
    expect(() => load(bytes)).toThrow(otherwise(name) as RegExp);
  });
});

test("damage to any of these files is a FormatError, or what it runs to is", () => {
  const files = cases
    .filter(
      ({ name, model }) => /^test_[a-y]/.test(name) && model.length < 4000,
    )
    .map(
      (own) => [own, new Uint8Array(Buffer.from(own.model, "base64"))] as const,
    );
  const byBytes = new Map(files.map(([own, bytes]) => [bytes, own]));
  let refused = 0;
  let ran = 0;
  fc.assert(
    fc.property(
      fc
        .constantFrom(...byBytes.keys())
        .chain((bytes) =>
          damaged([bytes]).map(
            (own) => [byBytes.get(bytes) as Case, own] as const,
          ),
        ),
      ([own, bytes]) => {
        let model;
        try {
          ({ model } = load(bytes, {
            backend: "js",
            maxSteps: 100_000,
            maxBytes: 2 ** 24,
          }));
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
          refused++;
          return;
        }
        try {
          model.run(givenOf(own));
          ran++;
        } catch (error) {
          if (!(error instanceof TypeError || error instanceof RangeError))
            throw error;
          expect(error.message).not.toMatch(
            /undefined|is not|Invalid typed array|call stack/,
          );
        }
      },
    ),
    runs(1500),
  );
  expect(refused).toBeGreaterThan(50);
  expect(ran).toBeGreaterThan(20);
});
