import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { readNpy } from "../../src/formats/numpy/npy.js";
import { bytesOf, namFile } from "../audio/files.js";
import { recurrentModel } from "../onnx/support/small.js";
import { readFixture } from "../torch/files.js";
import { backend } from "./models.js";
import { openSession } from "./session.js";

const { run, start, read, put, done, expectFailure } = openSession();

describe("--option tells the reader", () => {
  const keras = new URL("../keras/fixtures/", import.meta.url);
  const option = (...given: string[]) =>
    given.flatMap((text) => ["--option", text]);

  beforeAll(() => {
    put("pair.pt", readFixture("pair.pt"));
    put("relu.pt", readFixture("rnn-relu.pt"));
    put("amp.nam", bytesOf(namFile()));
    put("gru.onnx", recurrentModel("GRU", {}, { producer: "pytorch" }));
    for (const name of ["keras2-only.h5", "keras2-only.json"])
      put(name, readFileSync(new URL(name, keras)));
  });

  test.each<[string, string[], object]>([
    [
      "gru.onnx",
      ["forceLinearBeforeReset=true"],
      { warnings: [], converted: [expect.any(String)] },
    ],
    ["pair.pt", ['chain=["right","left"]'], { warnings: [] }],
    [
      "pair.pt",
      ["prefix=nothing.", "prefix=left.", 'chain=["left"]'],
      { warnings: [] },
    ],
    ["keras2-only.h5", ["config=@keras2-only.json"], { format: "keras" }],
  ])("about %s: %j", async (file, given, report) => {
    const args = ["inspect", "--json", file, ...option(...given)];
    const { code, stdout, stderr } = await run(...args);
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toMatchObject(report);
  });

  test("in convert, run and verify too, as a process", async () => {
    put("one.csv", "0.5\n-0.25\n1\n");
    const fast = option("fastTanh=true");
    const args = ["amp.nam", "fast.safetensors", ...fast];
    expect((await start("convert", ...args)).code).toBe(0);
    for (const [out, more] of [
      ["exact.npy", []],
      ["fast.npy", fast],
    ] as const)
      await done("run", "amp.nam", "one.csv", out, ...more, ...backend);
    await done("run", "fast.safetensors", "one.csv", "saved.npy", ...backend);
    expect(read("fast.npy")).toEqual(read("saved.npy"));
    expect(read("fast.npy")).not.toEqual(read("exact.npy"));
    const { data } = readNpy(read("fast.npy"));
    const cases = {
      input: [[0.5], [-0.25], [1]],
      output: Array.from(data, (y) => [y]),
    };
    put("fast.json", JSON.stringify(cases));
    const verify = ["verify", "amp.nam", "fast.json", "--tolerance", "1e-9"];
    expect((await run(...verify, ...fast, ...backend)).code).toBe(0);
    expect((await run(...verify, ...backend)).code).toBe(1);
  });

  test.each<[string[], 1 | 2, string | RegExp]>([
    [
      ["relu.pt", ...option("nonlinarity=relu")],
      2,
      /^relu.pt: options: expected only prefix, chain, .*, got "nonlinarity"$/,
    ],
    [
      ["relu.pt", ...option("__proto__=1")],
      2,
      /^relu.pt: options: expected only .*, got "__proto__"$/,
    ],
    [
      ["relu.pt", ...option("nonlinearity=elu")],
      2,
      /^relu.pt: nonlinearity: expected .*"elu"$/,
    ],
    [["amp.nam", ...option("fastTanh=yes")], 2, /^amp.nam: fastTanh: expected/],
    [["relu.pt", ...option("prefix")], 2, /expected name=value/],
    [["relu.pt", ...option("=relu")], 2, /expected name=value/],
    [
      ["keras2-only.h5", ...option("config=@absent.json")],
      1,
      "absent.json: no such file or folder",
    ],
    [["keras2-only.h5", ...option("config=@amp.nam")], 1, /^keras2-only.h5: /],
  ])("%j is refused", (args, code, message) =>
    expectFailure(["inspect", ...args], code, message),
  );
});
