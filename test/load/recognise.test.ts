import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { FormatError } from "../../src/errors.js";
import { recognise } from "../../src/formats/load/recognise.js";
import { GRU, Sequential } from "../../src/index.js";
import { readFixture } from "../torch/files.js";

const text = (value: string) => new Uint8Array(Buffer.from(value));
const json = (value: unknown) => text(JSON.stringify(value, null, 2));
const zip = (...names: string[]) =>
  zipSync(Object.fromEntries(names.map((name) => [name, text("{}")])));

/** A protobuf message of fields [number, content]: an integer below 128, or bytes. */
const message = (...fields: [number, number | string][]) =>
  Uint8Array.from(
    fields.flatMap(([number, value]) => {
      const kind = typeof value === "number" ? 0 : 2;
      const tag = (number << 3) | kind;
      const tags = tag < 128 ? [tag] : [(tag & 127) | 128, tag >> 7];
      if (typeof value === "number") return [...tags, value];
      return [...tags, value.length, ...Buffer.from(value)];
    }),
  );

const hdf5 = Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0);
const behind = (block: number) => {
  const bytes = new Uint8Array(block + hdf5.length);
  bytes.set(hdf5, block);
  return bytes;
};

describe("the format of a file", () => {
  const gru = new GRU({ inputSize: 1, hiddenSize: 1 });
  test.each<[string, string, Uint8Array]>([
    ["safetensors", "by save", new Sequential([gru]).save()],
    ["safetensors", "cut short", new Sequential([gru]).save().slice(0, 40)],
    ["torch", "zip", readFixture("gru.pt")],
    ["torch", "legacy", readFixture("old-lstm.pt")],
    ["torch", "of a whole module", readFixture("refused-module.pt")],
    ["torch", "TorchScript", readFixture("refused-script.pt")],
    ["onnx", "", message([1, 8], [2, "pytorch"], [7, "graph"], [8, "opset"])],
    ["onnx", "cut short", message([1, 8], [7, "graph"]).slice(0, 6)],
    ["onnx", "without a version", message([7, "graph"])],
    ["onnx", "with functions", message([1, 9], [7, "graph"], [25, "f"])],
    [
      "keras",
      ".keras",
      zip("metadata.json", "config.json", "model.weights.h5"),
    ],
    ["keras", ".h5", hdf5],
    ["keras", ".h5 behind a block of 512", behind(512)],
    ["keras", ".h5 behind a block of 2048", behind(2048)],
    ["tfjs", "", json({ modelTopology: {}, weightsManifest: [] })],
    ["nam", "", json({ version: "0.5.4", architecture: "LSTM" })],
    ["nam", "GuitarML", json({ model_data: {}, state_dict: {} })],
    ["rtneural", "", json({ in_shape: [null, null, 1], layers: [] })],
    ["rtneural", "a state dict", json({ "rec.weight_ih_l0": [[1]] })],
    ["rtneural", "behind spaces", text('\ufeff \r\n{"layers": []}')],
  ])("%s %s", (format, _, file) => {
    expect(recognise(file).format).toBe(format);
  });
});

describe("files that are something else are named", () => {
  test.each<[string, Uint8Array, string]>([
    ["nothing", new Uint8Array(), "0 bytes"],
    ["a web page", text("\n<!DOCTYPE html><html>"), "a web page; the address"],
    ["a web page in capitals", text("<HTML><BODY>404"), "a web page"],
    ["XML", text('<?xml version="1.0"?><Error>'), "XML: a server error"],
    [
      "a Git LFS pointer",
      text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a"),
      "`git lfs pull`",
    ],
    ["gzip", Uint8Array.of(0x1f, 0x8b, 8, 0), "gzip; unpack it first"],
    ["xz", Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0), "xz; unpack"],
    ["zstd", Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd), "zstd; unpack it first"],
    ["a tar file", behindTar(), "a tar file; unpack it first"],
    ["ORT", text("\u001c\0\0\0ORTM\0"), "onnxruntime's own format (.ort)"],
    ["ExecuTorch", text("\u001c\0\0\0ET12\0"), "an ExecuTorch program (.pte)"],
    ["torch.export", zip("m/archive_format", "m/version"), "torch.export"],
    ["an index", json({ metadata: {}, weight_map: {} }), "the index of"],
    ["GGUF", text("GGUF\u0003\0\0\0"), "GGUF"],
    ["a NumPy array", Uint8Array.of(0x93, 78, 85, 77, 80, 89, 1, 0), ".npy"],
    ["NumPy arrays", zip("arr_0.npy", "arr_1.npy"), ".npz"],
    [
      "a pickle of a whole model",
      Uint8Array.of(0x80, 4, 0x95, 5, 0, 0, 0, 0, 0, 0, 0, 0x8c, 1, 0x61),
      "a Python pickle that torch.save did not write",
    ],
    ["a SavedModel", message([1, 1], [2, "meta graph"]), "SavedModel (.pb)"],
    [
      "a frozen graph",
      message([1, "node"], [1, "node"], [4, "versions"]),
      "a frozen TensorFlow graph (.pb)",
    ],
    ["Core ML", message([1, 4], [2, "about"], [500, "net"]), "a Core ML model"],
    ["a zip of a SavedModel", zip("m/saved_model.pb"), "SavedModel"],
    ["another zip", zip("a.txt", "b/"), 'a zip file of "a.txt", "b/"'],
    ["a Keras architecture", json({ class_name: "Sequential" }), "Keras model"],
    [
      "other JSON",
      json({ type: "LSTM", sizes: [] }),
      'JSON of "type", "sizes"',
    ],
    ["an empty object", json({}), "JSON of nothing"],
    ["a list", json([1]), "a JSON list; models are objects"],
    ["any bytes", Uint8Array.of(1, 2, 255), "a file that starts with 01 02 ff"],
  ])("%s", (_, file, named) => {
    const call = () => recognise(file);
    expect(call).toThrow(FormatError);
    expect(call).toThrow(/^byte 0: expected a model: safetensors, PyTorch/);
    expect(call).toThrow(named);
  });

  test.each<[string, Uint8Array, RegExp]>([
    ["JSON that is none", text('{"layers": ['), /^file: expected JSON/],
    ["a zip cut short", zip("a", "b").slice(0, 60), /^byte \d+: .*end record/],
  ])("%s says so", (_, file, pattern) => {
    expect(() => recognise(file)).toThrow(FormatError);
    expect(() => recognise(file)).toThrow(pattern);
  });
});

function behindTar(): Uint8Array {
  const bytes = new Uint8Array(512);
  bytes.set(Buffer.from("data.pkl"));
  bytes.set(Buffer.from("ustar"), 257);
  return bytes;
}
