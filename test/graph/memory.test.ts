/* What a graph keeps of its process's memory. */
import { describe, expect, test } from "vitest";
import {
  load,
  toOnnx,
  Graph,
  GraphBuilder,
} from "../../src/formats/onnx/index.js";
import { Linear, LSTM, Sequential } from "../../src/index.js";
import { backends } from "../support/layers.js";
import { inUse } from "../support/memory.js";
import { Random } from "../support/random.js";

describe.each(backends)("the memory of a graph on %s", (backend) => {
  const chain = (hiddenSize: number) =>
    new Sequential([
      new LSTM({ inputSize: 2, hiddenSize, seed: 1, backend }),
      new Linear({ inputSize: hiddenSize, outputSize: 1, seed: 2, backend }),
    ]);

  test("a file's weights are kept once", async () => {
    const bytes = toOnnx(chain(400));
    const before = await inUse();
    const { model } = load(bytes, { backend });
    const kept = (await inUse()).external - before.external;
    // 640,000 weights
    expect(kept).toBeGreaterThan(2.4);
    expect(kept).toBeLessThan(2.6);
    expect(model.inputs.length).toBe(1);
  });

  test("of recurrent nodes and products is given back by dispose, that of bodies too", async () => {
    const builder = new GraphBuilder();
    const input = builder.input("x", ["B", 400]);
    const which = builder.input("which", [], "bool");
    const branch = (seed: number) =>
      builder.body([], (own) => {
        const matrix = new Random(seed).tensor([400, 400]);
        return [own.add("MatMul", [input, own.constant(matrix)])];
      });
    const y = builder.add("If", [which], {
      then_branch: branch(1),
      else_branch: branch(2),
    });
    builder.output(y, { name: "y" });
    const runs: [Graph, object[]][] = [
      [
        load(toOnnx(chain(400)), { backend }).model,
        [{ input: new Random(3).tensor([1, 2, 2]) }],
      ],
      [
        builder.build({ backend }),
        [0, 1].map((number) => ({
          x: new Random(4).tensor([1, 400]),
          which: { shape: [], data: [number] },
        })),
      ],
    ];
    for (const [graph, inputs] of runs) {
      const before = await inUse();
      for (const given of inputs) graph.run(given as never);
      // 640,000 weights and 320,000, packed
      expect((await inUse()).external - before.external).toBeGreaterThan(1);
      graph.dispose();
      expect((await inUse()).external - before.external).toBeLessThan(0.2);
    }
  });
});
