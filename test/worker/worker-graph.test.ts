import { describe, expect, test } from "vitest";
import { GraphBuilder } from "../../src/graph/index.js";
import { RemoteGraph } from "../../src/worker/index.js";
import { Random } from "../support/random.js";
import { openPools } from "./open-pools.js";

const { open } = openPools();

describe("a graph in a pool", () => {
  /** y = relu(x + h), h' = y */
  const graph = () => {
    const builder = new GraphBuilder();
    const x = builder.input("x", ["T", 2]);
    const h = builder.input("h", ["T", 2]);
    const sum = builder.add("Relu", [builder.add("Add", [x, h])]);
    builder.output(sum, { name: "y", shape: ["T", 2] });
    builder.output(sum, { name: "hn", shape: ["T", 2] });
    return builder.build();
  };
  const input = new Random(9).tensor([1, 2]);

  test("from the graph itself: run, forward, stream, and errors of their class", async () => {
    const here = graph();
    const there = await open({ workers: 2 }).load(graph());
    expect(there).toBeInstanceOf(RemoteGraph);
    expect(there.inputs).toEqual(here.inputs);
    expect(there.outputs).toEqual(here.outputs);
    const h = { shape: [1, 2], data: Float32Array.of(1, -3) };
    expect(await there.run({ x: input, h })).toEqual(here.run({ x: input, h }));
    const first = await there.forward(input, { state: { h } });
    expect(first).toEqual(here.forward(input, { state: { h } }));
    const stream = await there.stream({ state: { h } });
    const own = here.stream({ state: { h } });
    for (let t = 0; t < 3; t++)
      expect(await stream.step(input.data)).toEqual(own.step(input.data));
    expect(await stream.getState()).toEqual(own.state);
    await stream.setState({ h });
    expect(await (await stream.fork()).getState()).toEqual({ h });
    await expect(there.run({ x: input })).rejects.toThrow(RangeError);
    there.dispose();
    await expect(there.forward(input)).rejects.toThrow(/disposed/);
  });

  test("from the bytes that save wrote", async () => {
    const bytes = graph().save();
    const there = await open({ workers: 1 }).load<RemoteGraph>(bytes);
    const { output } = await there.forward(input);
    expect(output).toEqual(graph().forward(input).output);
  });
});
