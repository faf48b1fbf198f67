import { describe, expect, test } from "vitest";
import { type Graph, GraphBuilder } from "../../src/graph/index.js";
import { LSTM } from "../../src/index.js";
import { expectSameBits } from "../support/compare.js";
import { Random } from "../support/random.js";
import { liveSession } from "./live-session.js";
import { absent } from "./redis.js";
import { options } from "./session.js";

/** y = concat(lstm(scale · x), mean of x so far), of frames whose size only the caller knows. */
function graphOf(): Graph {
  const lstm = new LSTM({ inputSize: 4, hiddenSize: 4, seed: 9, ...options });
  const builder = new GraphBuilder();
  const scale = builder.input("scale", []);
  const x = builder.input("x", [1, "n"]);
  const before = builder.input("before", [3, 4]);
  const rows = { axis: 0, split: [1, 1, 1] };
  const parts = builder.addWide("Split", [before], 3, rows);
  const [h, c, total] = parts as [string, string, string];
  const scaled = builder.add("Mul", [x, scale]);
  const state = (value: string) =>
    builder.add("Unsqueeze", [value], { axes: [0] });
  const { output, hidden, cell } = builder.layer(
    lstm,
    builder.add("Unsqueeze", [scaled], { axes: [0] }),
    { hidden: state(h), cell: state(c) },
  );
  const sum = builder.add("Add", [total, x]);
  const flat = (value: string) =>
    builder.add("Reshape", [value, builder.integers([1, 4])]);
  const mean = builder.add("ReduceMean", [sum], { axes: [1], keepdims: 1 });
  builder.output(builder.add("Concat", [flat(output), mean], { axis: 1 }), {
    name: "y",
  });
  builder.output(
    builder.add("Concat", [flat(hidden), flat(cell), sum], { axis: 0 }),
    { name: "after", shape: [3, 4] },
  );
  return builder.build();
}

const suite = absent
  ? `live streams of graphs [skipped: ${absent}]`
  : "live streams of graphs";

describe.skipIf(absent)(suite, () => {
  const { startHost, startClient, read } = liveSession();

  test("a graph's states go with it, from host to host and over a checkpoint", async () => {
    const given = new Random(5).floats(4 * 50);
    const graph = graphOf();
    const settings = { inputs: { scale: 3 }, states: { before: "after" } };
    const own = graph.stream(settings);
    const expected = new Float32Array(5 * 50);
    for (let t = 0; t < 50; t++)
      expected.set(own.step(given.subarray(4 * t, 4 * t + 4)), 5 * t);
    const first = await startHost({ checkpoint: 7 });
    const client = await startClient({
      ...settings,
      model: graphOf(),
      frame: 4,
    });
    expect([client.inputSize, client.outputSize]).toEqual([4, 5]);
    const stream = await client.open("g");
    await stream.push(given.subarray(0, 4 * 23));
    await expect.poll(() => stream.position).toBe(23);
    await expect.poll(() => first.load.backlog, { timeout: 3000 }).toBe(0);
    await first.close();
    await startHost({ checkpoint: 7 });
    await stream.push(given.subarray(4 * 23));
    expectSameBits(await read(stream, 50, 5), expected);
    // fed otherwise it is another model
    const other = await startClient({
      ...settings,
      inputs: { scale: 4 },
      model: graphOf(),
      frame: 4,
    });
    await expect(other.open("g")).rejects.toThrow(
      /stream g: expected a stream of model/,
    );
  });

  test("how a graph is fed is checked before anything is sent", async () => {
    const states = { before: "after" };
    const inputs = { scale: 3 };
    const open = (more: object) => startClient({ model: graphOf(), ...more });
    await expect(open({ inputs, frame: 4 })).rejects.toThrow(
      /states: expected/,
    );
    await expect(open({ inputs, states })).rejects.toThrow(
      /frame: expected the size of a frame, got none, for an input of free size/,
    );
    await expect(open({ states, frame: 4 })).rejects.toThrow(
      /inputs\["x"\]: expected a value/,
    );
    await expect(open({ inputs, states, frame: 0 })).rejects.toThrow(/frame/);
    await expect(
      open({ inputs: { other: 1 }, states, frame: 4 }),
    ).rejects.toThrow(/inputs\["other"\]/);
    await expect(startClient({ frame: 2 })).rejects.toThrow(
      /frame: expected no setting for a Sequential/,
    );
  });

  test("a state that cannot be written ends its stream alone, and says why", async () => {
    const builder = new GraphBuilder();
    const x = builder.input("x", [1]);
    const count = builder.input("count_in", [1], "int64");
    const next = builder.add("Add", [
      builder.add("Mul", [count, builder.integers([3])]),
      builder.integers([1]),
    ]);
    builder.output(builder.add("Neg", [x]), { name: "y", shape: [1] });
    builder.output(next, { name: "count_out", shape: [1], type: "int64" });
    const errors: string[] = [];
    const host = await startHost({
      checkpoint: 100,
      onError: ({ message }) => errors.push(message),
    });
    const client = await startClient({
      model: builder.build(),
      states: { count_in: "count_out" },
    });
    const [wide, short] = [
      await client.open("wide"),
      await client.open("short"),
    ];
    await wide.push(new Float32Array(30)); // 3^30 is no float32
    await short.push([1]);
    await expect.poll(() => host.load.backlog).toBe(0);
    await read(short, 1, 1);
    await host.close();
    await startHost({
      checkpoint: 10,
      onError: ({ message }) => errors.push(message),
    });
    await wide.push(new Float32Array(1));
    const end = async () => {
      for await (const answers of wide.answers()) void answers;
    };
    await expect(end()).rejects.toThrow(/count_in.*integers that a tensor/);
    expect(errors.join()).toMatch(/stream wide: /);
    await short.push([1]);
  });
});
