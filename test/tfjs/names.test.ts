import { describe, expect, test } from "vitest";
import { Files as FileSet } from "../../src/formats/tfjs/files.js";
import { load } from "../../src/formats/tfjs/index.js";
import { expectSameTensor } from "../support/compare.js";
import { jsonOf } from "./build.js";
import { caseOf, type Files, filesOf } from "./files.js";

interface Weight {
  name: string;
  shape: number[];
}
interface ModelJson {
  modelTopology: { config: { layers: { config: { name: string } }[] } };
  weightsManifest: { paths: string[]; weights: Weight[] }[];
}

/** The same files with another model.json. */
function changed(name: string, change: (model: ModelJson) => void): Files {
  const files = filesOf(name);
  const text = new TextDecoder().decode(files["model.json"]);
  const model = JSON.parse(text) as ModelJson;
  change(model);
  return { ...files, "model.json": jsonOf(model) };
}

function renamed(name: string, to: (weight: string) => string): Files {
  return changed(name, ({ weightsManifest }) => {
    for (const weight of weightsManifest[0]!.weights)
      weight.name = to(weight.name);
  });
}

const run = (name: string, files: Files) =>
  load(files, { backend: "js" }).model.forward(caseOf(name).input).output;
const ROLES = ["kernel", "recurrent_kernel", "bias"];

describe("weights are found by their names", () => {
  test.each([
    [
      "of TensorFlow since 2.2",
      (n: string) => n.replace(/^(lstm_.*)\/(?=.)/, "$1/lstm_cell_3/"),
    ],
    [
      "of Keras 3, by their places",
      (n: string) =>
        n.replace(/[^/]+$/, (role) =>
          String(ROLES.indexOf(role) % 3).replace(
            /^2$/,
            n.startsWith("dense") ? "1" : "2",
          ),
        ),
    ],
  ])("%s", (_, to) => {
    const files = renamed("lstm", to);
    expectSameTensor(run("lstm", files), run("lstm", filesOf("lstm")));
  });

  test("of directions, whichever comes first", () => {
    const name = "bidirectional-concat";
    const files = filesOf(name);
    const path = "group1-shard1of1.bin";
    const swapped = changed(name, ({ weightsManifest }) => {
      const { weights } = weightsManifest[0]!;
      weights.splice(0, 6, ...weights.slice(3, 6), ...weights.slice(0, 3));
    });
    // both directions have the same sizes
    const size = 4 * (3 * 16 + 4 * 16 + 16);
    const bytes = files[path]!.slice();
    bytes.copyWithin(0, size, 2 * size);
    bytes.set(files[path]!.subarray(0, size), size);
    expectSameTensor(
      run(name, { ...swapped, [path]: bytes }),
      run(name, files),
    );
  });

  test("of directions as Keras 3 names them, without the layer's own name", () => {
    const name = "bidirectional-concat";
    const files = renamed(name, (n) => n.replace(/^bidirectional[^/]*\//, ""));
    const text = new TextDecoder().decode(files["model.json"]);
    const model = JSON.parse(text);
    const [wrapper] = model.modelTopology.config.layers;
    const { layer } = wrapper.config;
    layer.config.name = `forward_${layer.config.name.replace(/^forward_/, "")}`;
    wrapper.config.backward_layer = structuredClone(layer);
    const { config } = wrapper.config.backward_layer;
    config.name = config.name.replace("forward", "backward");
    config.go_backwards = true;
    const changedFiles = { ...files, "model.json": jsonOf(model) };
    expectSameTensor(run(name, changedFiles), run(name, filesOf(name)));
    expect(load(changedFiles).report.ignored).toEqual(
      load(filesOf(name)).report.ignored,
    );
  });

  test("of cells, in their order", () => {
    const files = renamed("several-cells", (n) =>
      n.replace("RNNCell_0", "lstm_cell_9").replace("RNNCell_1", "gru_cell"),
    );
    expectSameTensor(
      run("several-cells", files),
      run("several-cells", filesOf("several-cells")),
    );
  });

  test("those of nobody are left out, and listed", () => {
    const files = renamed("lstm", (n) => n.replace(/^dense_.*\//, "mine/"));
    expect(() => load(files)).toThrow(
      /^layer "dense_.*" \(Dense\): expected its kernel in weightsManifest, got 0 weights of its name$/,
    );
    const extra = changed("lstm", ({ weightsManifest }) => {
      weightsManifest[0]!.weights.push({
        name: "count",
        shape: [0],
        dtype: "int32",
      } as Weight);
    });
    expect(load(extra).report.ignored).toContain("count");
  });
});

test("files are as large as all of them together", () => {
  const { size } = new FileSet({ a: new Uint8Array(3), b: new Uint8Array(5) });
  expect(size).toBe(8);
});

describe("files are found", () => {
  test("by their paths, or by their names alone", () => {
    const files = filesOf("functional");
    const inFolder = Object.fromEntries(
      Object.entries(files).map(([name, bytes]) => [`a/b/${name}`, bytes]),
    );
    const expected = run("functional", files);
    expectSameTensor(run("functional", inFolder), expected);
    const pathsToo = changed("functional", ({ weightsManifest }) => {
      weightsManifest[0]!.paths = weightsManifest[0]!.paths.map(
        (path) => `/x/${path}`,
      );
    });
    expectSameTensor(run("functional", pathsToo), expected);
  });

  test("whatever the only JSON file is called", () => {
    const { "model.json": model, ...rest } = filesOf("functional");
    const files = { "tfjs.json": model!, ...rest };
    expectSameTensor(
      run("functional", files),
      run("functional", filesOf("functional")),
    );
  });

  test("or missing ones are named", () => {
    const { "group1-shard2of3.bin": _, ...files } = filesOf("functional");
    expect(() => load(files)).toThrow(
      'model.json.weightsManifest[0].paths[1]: expected "group1-shard2of3.bin" among the files',
    );
    expect(() => load({})).toThrow(
      new RangeError('files: expected model.json among them, got ""'),
    );
    expect(() => load({ "model.json": "text" as never })).toThrow(
      'files["model.json"]: expected a Uint8Array or an ArrayBuffer, got "text"',
    );
    expect(() => load([] as never)).toThrow(TypeError);
    expect(() =>
      load({ "a.json": new Uint8Array(), "b.json": new Uint8Array() }),
    ).toThrow(RangeError);
  });
});
