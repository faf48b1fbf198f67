import { existsSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { NoiseSuppression } from "../../src/audio/index.js";
import { readWav } from "../../src/cli/data/wav.js";
import { type Graph, load } from "../../src/formats/onnx/index.js";
import { Random } from "../support/random.js";

/*
 * GTCRN and DTLN as their authors' programs run them, written out here with sums instead of transforms: the graphs
 * themselves are held to onnxruntime in test/graph.
 */

const folder = new URL(
  "../../../shared/conformance/models/onnx/",
  import.meta.url,
);
const absent = !existsSync(folder);
const open = (name: string) => readFileSync(new URL(`${name}.onnx`, folder));
const wav = new URL("fixtures/speech.wav", import.meta.url);
const random = new Random(1);
/** Half a second from before the first word on, and noise. */
const noisy = readWav(readFileSync(wav))
  .channels[0]!.subarray(4000, 12_000)
  .map((x) => x + 0.05 * (2 * random.next() - 1));

const SIZE = 512;
const BINS = SIZE / 2 + 1;
const cosines = Float64Array.from({ length: SIZE }, (_, i) =>
  Math.cos((2 * Math.PI * i) / SIZE),
);
const cosine = (i: number) => cosines[i % SIZE]!;
const sine = (i: number) => cosines[(i + (3 * SIZE) / 4) % SIZE]!;

function spectrumOf(frame: ArrayLike<number>) {
  const re = new Float64Array(BINS);
  const im = new Float64Array(BINS);
  for (let k = 0; k < BINS; k++)
    for (let n = 0; n < SIZE; n++) {
      re[k]! += frame[n]! * cosine(k * n);
      im[k]! -= frame[n]! * sine(k * n);
    }
  return { re, im };
}

function frameOf({ re, im }: ReturnType<typeof spectrumOf>) {
  const frame = new Float64Array(SIZE);
  for (let n = 0; n < SIZE; n++) {
    let sum = re[0]! + re[BINS - 1]! * (n % 2 ? -1 : 1);
    for (let k = 1; k < BINS - 1; k++)
      sum += 2 * (re[k]! * cosine(k * n) - im[k]! * sine(k * n));
    frame[n] = sum / SIZE;
  }
  return frame;
}

/** Frames through `process`, overlapped and summed: what comes out when its input does. */
function blockwise(
  samples: Float32Array,
  hop: number,
  process: (frame: Float64Array) => ArrayLike<number>,
): Float64Array {
  const input = new Float64Array(SIZE);
  const output = new Float64Array(SIZE);
  const all: number[] = [];
  for (let at = 0; at + hop <= samples.length; at += hop) {
    input.copyWithin(0, hop);
    input.set(samples.subarray(at, at + hop), SIZE - hop);
    output.copyWithin(0, hop);
    output.fill(0, SIZE - hop);
    const frame = process(input);
    for (let i = 0; i < SIZE; i++) output[i]! += frame[i]!;
    all.push(...output.subarray(0, hop));
  }
  return Float64Array.from(all);
}

const zeros = (...shape: number[]) => ({
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b)),
});

function dtln([first, second]: readonly Graph[]) {
  let [one, two] = [zeros(1, 2, 128, 2), zeros(1, 2, 128, 2)] as never[];
  return blockwise(noisy, 128, (frame) => {
    const spectrum = spectrumOf(frame);
    const magnitude = Float32Array.from(spectrum.re, (re, k) =>
      Math.hypot(re, spectrum.im[k]!),
    );
    const masked = first!.run({
      input_2: { shape: [1, 1, BINS], data: magnitude },
      input_3: one!,
    });
    one = masked["tf_op_layer_stack_2"] as never;
    const mask = masked["activation_2"]!.data;
    const estimated = frameOf({
      re: spectrum.re.map((x, k) => x * mask[k]!),
      im: spectrum.im.map((x, k) => x * mask[k]!),
    });
    const block = second!.run({
      input_4: { shape: [1, 1, SIZE], data: Float32Array.from(estimated) },
      input_5: two!,
    });
    two = block["tf_op_layer_stack_5"] as never;
    return block["conv1d_3"]!.data;
  });
}

function gtcrn([model]: readonly Graph[]) {
  const window = Float64Array.from({ length: SIZE }, (_, i) =>
    Math.sqrt(0.5 - 0.5 * Math.cos((2 * Math.PI * i) / SIZE)),
  );
  let states: Record<string, never> = {
    conv_cache: zeros(2, 1, 16, 16, 33) as never,
    tra_cache: zeros(2, 3, 1, 1, 16) as never,
    inter_cache: zeros(2, 1, 33, 16) as never,
  };
  return blockwise(noisy, 256, (frame) => {
    const { re, im } = spectrumOf(frame.map((x, i) => x * window[i]!));
    const mix = { shape: [1, BINS, 1, 2], data: new Float32Array(2 * BINS) };
    for (let k = 0; k < BINS; k++) mix.data.set([re[k]!, im[k]!], 2 * k);
    const { enh, ...next } = model!.run({ mix, ...states });
    states = Object.fromEntries(
      Object.entries(next).map(([name, value]) => [
        name.replace(/_out$/, ""),
        value as never,
      ]),
    );
    const even = enh!.data.filter((_, i) => i % 2 === 0);
    const odd = enh!.data.filter((_, i) => i % 2 === 1);
    const voice = frameOf({
      re: Float64Array.from(even),
      im: Float64Array.from(odd),
    });
    return voice.map((x, i) => x * window[i]!);
  });
}

describe.skipIf(absent).each([
  ["DTLN", ["dtln_model_1", "dtln_model_2"], dtln],
  ["GTCRN", ["gtcrn_simple"], gtcrn],
] as const)("%s", (_, names, reference) => {
  let models: Graph[];
  let expected: Float64Array;
  beforeAll(() => {
    models = names.map((name) => load(open(name)).model);
    expected = reference(models);
  });

  test("is what its authors' program makes of the sound, a frame late", () => {
    const suppression = new NoiseSuppression({ model: models });
    // the program's output comes with its input's frame, ours when the frame is complete
    const hop = names.length === 2 ? 128 : 256;
    const out = suppression.process(noisy);
    let error = 0;
    for (let i = hop - 1; i < out.length; i++)
      error = Math.max(error, Math.abs(out[i]! - expected[i - hop + 1]!));
    expect(error).toBeLessThan(2e-5);
    expect(Math.max(...expected)).toBeGreaterThan(0.1);
  });

  test("what was saved gives the same, to the bit", () => {
    const [own, saved] = [models, models.map((model) => model.save())].map(
      (model) => new NoiseSuppression({ model }).clean(noisy.subarray(0, 2000)),
    );
    expect([...saved!]).toEqual([...own!]);
  });
});
