import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/tfjs/index.js";
import type { Backend, Sequential, Tensor } from "../../src/index.js";
import { expectClose } from "../support/compare.js";
import { backends } from "../support/layers.js";
import { tolerances } from "../support/tolerances.js";
import { type BuiltLayer, layersModel } from "../tfjs/build.js";
import { tensorOf } from "../tfjs/files.js";

// 37 layers of Keras 2.0 that another project (transcranial/keras-js) recorded, each with its weights.
const file = new URL(
  "../../../shared/conformance/keras/keras-js.json",
  import.meta.url,
);

type Printed = { shape: number[]; data: number[] };
interface Recorded {
  attrs: Record<string, unknown> & { layer?: { class_name: string } };
  input: Printed;
  weights: Printed[];
  expected: Printed;
}

const NAMES = ["kernel", "recurrent_kernel", "bias"];

/** "recurrent.GRU.3" as a layer with the names that its weights would have in a file. */
function layerOf(name: string, { attrs, weights }: Recorded): BuiltLayer {
  const class_name = name.split(".")[1]!;
  const named = weights.map((weight, i): [string, Tensor] => {
    const tensor = tensorOf(weight);
    if (class_name === "TimeDistributed")
      return [["kernel", "bias"][i]!, tensor];
    if (class_name !== "Bidirectional") return [NAMES[i]!, tensor];
    const direction = i < 3 ? "forward" : "backward";
    return [`${direction}_rnn/${NAMES[i % 3]}`, tensor];
  });
  return { class_name, config: attrs, weights: Object.fromEntries(named) };
}

describe.skipIf(!existsSync(file))(
  "Keras results of transcranial/keras-js (skipped where ../shared is absent)",
  () => {
    const all: Record<string, Recorded> = existsSync(file)
      ? JSON.parse(readFileSync(file, "utf8"))
      : {};
    const isConvolution = ([, { attrs }]: [string, Recorded]) =>
      attrs.layer?.class_name === "Conv2D";
    const cases = Object.entries(all);
    const computed = cases.filter((each) => !isConvolution(each));
    const build = (name: string, recorded: Recorded, backend: Backend) =>
      load(layersModel([layerOf(name, recorded)], { version: "2.0.5" }), {
        backend,
      }).model as Sequential;

    test("there are 37, one of them no layer for sequences", () => {
      expect(cases).toHaveLength(37);
      expect(computed).toHaveLength(36);
    });

    test("a convolution whose input nobody tells is refused", () => {
      const [name, recorded] = cases.find(isConvolution)!;
      expect(() => build(name, recorded, "js")).toThrow(
        /^layer "layer0_input" \(InputLayer\): expected the shape of its input/,
      );
    });

    describe.each(backends)("on %s", (backend) => {
      test.each(computed)("%s", (name, recorded) => {
        const { input, expected, attrs } = recorded;
        const model = build(name, recorded, backend);
        const first = model.forward(tensorOf(input));
        // of a stateful layer the second call was recorded
        const { output } = attrs["stateful"]
          ? model.forward(tensorOf(input), { state: first.state })
          : first;
        expect(output.shape).toEqual(expected.shape);
        expectClose(output.data, expected.data, tolerances.kerasJs);
      });
    });
  },
);
