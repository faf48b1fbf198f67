import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FormatError, Sequential } from "../../src/index.js";
import { parse, serialize } from "../../src/safetensors.js";
import { settings } from "../support/configurations.js";
import { everything } from "../support/models.js";

/** A saved file with another gatewise entry, or none. */
function withMetadata(gatewise?: string): Uint8Array {
  const { tensors, metadata } = parse(new Sequential(everything).save());
  delete metadata.gatewise;
  return serialize(
    tensors,
    gatewise === undefined ? metadata : { ...metadata, gatewise },
  );
}

describe("a model file", () => {
  test.each([
    ["no metadata of ours", () => withMetadata()],
    ["metadata that is no JSON", () => withMetadata("{")],
    ["JSON of another kind", () => withMetadata("7")],
    ["JSON null", () => withMetadata("null")],
    ["JSON without layers", () => withMetadata("{}")],
    [
      "options of fewer layers",
      () => withMetadata(edit((layers) => layers.slice(0, 4))),
    ],
    [
      "an unknown layer",
      () =>
        withMetadata(
          edit((layers) =>
            JSON.parse(JSON.stringify(layers).replace("GRU", "QRNN")),
          ),
        ),
    ],
    [
      "a layer named after an object's own property",
      () =>
        withMetadata(
          edit((layers) =>
            JSON.parse(JSON.stringify(layers).replace("GRU", "constructor")),
          ),
        ),
    ],
    [
      "another size",
      () =>
        withMetadata(
          edit((layers) =>
            JSON.parse(
              JSON.stringify(layers).replace(
                '"hiddenSize":3',
                '"hiddenSize":2',
              ),
            ),
          ),
        ),
    ],
    [
      "sizes of gigabytes",
      () =>
        withMetadata(
          edit((layers) =>
            JSON.parse(
              JSON.stringify(layers).replace(
                /"hiddenSize":\d+/g,
                '"hiddenSize":12000',
              ),
            ),
          ),
        ),
    ],
    [
      "a billion layers",
      () =>
        withMetadata(
          edit((layers) =>
            JSON.parse(
              JSON.stringify(layers).replace(
                /"numLayers":\d+/g,
                '"numLayers":1000000000',
              ),
            ),
          ),
        ),
    ],
    ["no file at all", () => new Uint8Array(0)],
    [
      "its second half missing",
      () => new Sequential(everything).save().slice(0, 900),
    ],
  ])("with %s is a FormatError that names the place", (_, make) => {
    expect(() => Sequential.load(make())).toThrow(FormatError);
    expect(() => Sequential.load(make())).toThrow(
      /metadata|layers|byte \d|dict|header|"/,
    );
  });

  test("damaged at random loads, or is a FormatError and nothing else", () => {
    const bytes = new Sequential(everything).save({ note: "x" });
    const header =
      8 +
      Number(
        new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true),
      );
    let refused = 0;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(header - 1), fc.nat(255)), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.option(fc.nat(bytes.length)),
        (edits, cut) => {
          const damaged = bytes.slice(0, cut ?? bytes.length);
          for (const [at, value] of edits) damaged[at] = value;
          try {
            Sequential.load(damaged);
          } catch (error) {
            refused++;
            expect(error).toBeInstanceOf(FormatError);
          }
        },
      ),
      { ...settings, numRuns: 1000 },
    );
    expect(refused).toBeGreaterThan(500);
  });
});

/** The gatewise entry of a saved file with its list of layers changed, wherever in the JSON that list is. */
function edit(change: (layers: unknown[]) => unknown): string {
  const { metadata } = parse(new Sequential(everything).save());
  return JSON.stringify(
    JSON.parse(metadata.gatewise!, (_, value) =>
      Array.isArray(value) && value.length === 5 ? change(value) : value,
    ),
  );
}
