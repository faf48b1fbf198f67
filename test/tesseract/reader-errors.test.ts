import { describe, expect, test } from "vitest";
import { FormatError, load } from "../../src/tesseract/index.js";
import { dense, file, small } from "./small-files.js";
import {
  container,
  make,
  NetworkWriter,
  traineddata,
  unicharset,
  Writer,
} from "./writer.js";

/** Part 17 with something else behind the layers. */
const networkPart = (part: readonly number[]) =>
  container({ 17: part, 21: unicharset(small.characters), 22: [0] });

function expectRefused(bytes: Uint8Array, message: RegExp): void {
  let thrown: unknown;
  try {
    load(bytes);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(FormatError);
  expect((thrown as Error).message).toMatch(message);
}

test("a file of 31 parts, whose first byte gzip's is, is not called one", () => {
  const file = new Uint8Array(300);
  file[0] = 0x1f;
  expect(() => load(file)).toThrow(FormatError);
  expect(() => load(file)).not.toThrow(/gzip/);
  file[1] = 0x8b;
  expect(() => load(file)).toThrow(/a gzip file/);
});

describe("what is refused", () => {
  const bytes = traineddata(file);
  const at = (index: number, ...values: number[]) => {
    const copy = bytes.slice();
    copy.set(values, index);
    return copy;
  };
  const offset = (part: number) => 4 + 8 * part;
  const part17 = new NetworkWriter().layer(dense()).bytes;
  const tail = new Writer().text("spec").i32(65, 0, 0, 2).f32(0, 0, 0).bytes;

  test.each<[string, Uint8Array, RegExp]>([
    ["nothing", new Uint8Array(), /^byte 0: expected a table, got 0 bytes/],
    [
      "a server's page",
      new TextEncoder().encode("<!doctype html><title>404</title>"),
      /^byte 0: .*got a page of HTML: is the address right\?/,
    ],
    ["gzip", Uint8Array.of(0x1f, 0x8b, 8, 0), /^byte 0: .*DecompressionStream/],
    [
      "text",
      new TextEncoder().encode("no such file"),
      /^byte 0: .*begins with its number of parts/,
    ],
    ["the other byte order", at(0, 0, 0, 0, 24), /^byte 0: .*big-endian/],
    [
      "no network",
      container({ 1: [1, 2], 3: [3] }),
      /^byte 4: part 17 \(network\): expected one, got only parts of the old engine/,
    ],
    ["no parts", container({}), /got no parts/],
    [
      "a part before the table's end",
      at(offset(0), 4),
      /^byte 4: part 0 .*offset 196/,
    ],
    [
      "a part before the one in front",
      at(offset(21), 200, 0),
      /^byte 172: part 21 \(unicharset\): expected an offset from/,
    ],
    [
      "a part behind the end",
      at(offset(23), 255, 255, 255),
      /^byte 188: part 23 .*got 16777215/,
    ],
    [
      "a byte too many behind the network",
      networkPart([...part17, ...tail, 9]),
      /^part 17 \(network\), byte \d+: end of the part: expected no more bytes, got 1|^part 22/,
    ],
    [
      "a byte too few",
      networkPart([...part17, ...tail.slice(0, -1)]),
      /^part 17 \(network\), byte \d+: Adam beta/,
    ],
    [
      "a null character that is no class",
      networkPart([
        ...part17,
        ...new Writer().text("").i32(65, 0, 0, 3).f32(0, 0, 0).bytes,
      ]),
      /null character: expected a class from 0 to 2, got 3/,
    ],
    [
      "a type that nobody knows",
      networkPart(new Writer().i8(0).text("Attention").bytes),
      /^part 17 \(network\), byte 0: layer, type: .*"Attention"/,
    ],
    ["a type of a number that nobody knows", networkPart([77]), /got 77/],
    [
      "Invalid",
      networkPart(new Writer().i8(0).text("Invalid").bytes),
      /"Invalid"/,
    ],
    [
      "LSTMs with a softmax inside",
      networkPart(new Writer().i8(0).text("LSTMSoftmax").bytes),
      /"LSTMSoftmax"/,
    ],
    [
      "text that is no UTF-8",
      networkPart([0, 1, 0, 0, 0, 0xff]),
      /expected UTF-8/,
    ],
    [
      "a name longer than the file",
      networkPart([0, 255, 255, 255, 127]),
      /expected 2147483647 bytes, got 0/,
    ],
    [
      "layers in layers in layers",
      networkPart(
        new NetworkWriter().layer(
          Array.from({ length: 40 }).reduce<ReturnType<typeof dense>>(
            (inside) => make.turned("RTLReversed", inside),
            make.dense("Tanh", 3, 3),
          ),
        ).bytes,
      ),
      /at most 32 levels of nested layers/,
    ],
    [
      "a matrix of another size",
      networkPart(
        new NetworkWriter().layer({
          ...make.dense("Tanh", 4, 3),
          matrices: [[3, 4]],
        }).bytes,
      ),
      /Tanh: expected 3 × 5, got 3 × 4/,
    ],
    [
      "an LSTM of another width",
      networkPart(
        new NetworkWriter().layer({
          ...make.lstm(4, 3),
          matrices: Array.from({ length: 4 }, () => [3, 9]),
        }).bytes,
      ),
      /LSTM, width: expected 7 or 10, got 8/,
    ],
    [
      "a colour image",
      networkPart(new NetworkWriter().layer(make.input(36, 3)).bytes),
      /Input, shape: expected a grey image/,
    ],
    [
      "an image of any height",
      networkPart(
        new NetworkWriter().layer({ ...make.input(36), sizes: [1, 0, 0, 1, 0] })
          .bytes,
      ),
      /Input, shape/,
    ],
    [
      "sizes that do not fit",
      networkPart(
        new NetworkWriter().layer({
          ...make.series(make.input(36), make.dense("Tanh", 2, 3)),
        }).bytes,
      ),
      /Series, outputs: expected 1, got 2|Series, outputs: expected \d+, got \d+/,
    ],
    [
      "a window of billions",
      networkPart(
        new NetworkWriter().layer({
          ...make.convolve(1, 1, 1),
          outputs: 2 ** 30,
          sizes: [16384, 16383],
        }).bytes,
      ),
      /Convolve, outputs: expected at most 65536/,
    ],
    [
      "a stride of 0",
      networkPart(
        new NetworkWriter().layer({ ...make.maxpool(1, 1, 1), sizes: [0, 3] })
          .bytes,
      ),
      /Maxpool, x: expected an integer of at least 1, got 0/,
    ],
    [
      "no layers",
      networkPart(new NetworkWriter().layer({ ...dense(), layers: [] }).bytes),
      /Series, layers: expected a number of layers in the part/,
    ],
    [
      "two layers in a reversal",
      networkPart(
        new NetworkWriter().layer({
          type: "RTLReversed",
          inputs: 3,
          outputs: 3,
          layers: [make.dense("Tanh", 3, 3), make.dense("Tanh", 3, 3)],
        }).bytes,
      ),
      /RTLReversed, layers: expected 1, got 2/,
    ],
    [
      "fewer lines than characters",
      container({
        17: [...part17, ...tail],
        21: [...new TextEncoder().encode("3\na\nb\n")],
        22: [],
      }),
      /^part 21 \(unicharset\), byte \d: unicharset, count|^part 21 \(unicharset\), byte 6: unicharset, character 2: expected a line/,
    ],
    [
      "a count that is none",
      container({
        17: [...part17, ...tail],
        21: [...new TextEncoder().encode("many\na\n")],
        22: [],
      }),
      /^part 21 .*got "many"/,
    ],
    [
      "an empty character",
      container({
        17: [...part17, ...tail],
        21: [...new TextEncoder().encode("1\n 0\n")],
        22: [],
      }),
      /character 0: expected a character/,
    ],
    [
      "a code beyond the classes",
      traineddata({
        ...small,
        characters: [
          [" ", 0],
          ["a", 3],
        ],
      }),
      /^part 22 \(recoder\), byte \d+: recoder, character 1: expected a code from 0 to 2, got 3/,
    ],
    [
      "a code of ten",
      traineddata({
        ...small,
        characters: [
          [" ", 0],
          ["a", ...Array.from<number>({ length: 10 }).fill(1)],
        ],
      }),
      /1 to 9 codes, got 10/,
    ],
    [
      "a recoder of other characters",
      container({
        17: [...part17, ...tail],
        21: unicharset(small.characters),
        22: new Writer().i32(3).bytes,
      }),
      /recoder, count: expected 2/,
    ],
    [
      "a network that gives more than one row",
      traineddata({
        ...small,
        layers: make.series(make.input(4), make.dense("Softmax", 1, 3)),
      }),
      /^network: expected one row of steps, got 4 rows/,
    ],
    [
      "a network without an Input",
      traineddata({
        ...small,
        layers: make.series(
          make.dense("Tanh", 4, 3),
          make.dense("Softmax", 3, 3),
        ),
      }),
      /^network: expected .*begins with an Input/,
    ],
  ])("%s", (_, given, message) => {
    expectRefused(given, message);
  });

  test("what is no bytes", () => {
    expect(() => load("eng.traineddata" as never)).toThrow(TypeError);
    expect(load(bytes.slice().buffer).report.format).toBe("tesseract");
  });
});
