/**
 * The network in float64, written down from the description of each layer, place by place; no code is shared with what it
 * is compared with but the reader of the file.
 */
import type { LayerNode, Matrix } from "../../src/formats/tesseract/read.js";

/** Rows of places of channels. */
export type Image = number[][][];

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const clip = (x: number, low: number, high: number) =>
  Math.min(high, Math.max(low, x));

const known = new WeakMap<Matrix, number[][]>();

function rowsOf(matrix: Matrix): number[][] {
  const { rows, columns, data } = matrix;
  const found =
    known.get(matrix) ??
    Array.from({ length: rows }, (_, row) => [
      ...data.subarray(row * columns, (row + 1) * columns),
    ]);
  known.set(matrix, found);
  return found;
}

/** W [x, 1], the bias last. */
const times = (matrix: Matrix, x: readonly number[]) =>
  rowsOf(matrix).map((row) =>
    [...x, 1].reduce((sum, value, k) => sum + value * row[k]!, 0),
  );

const softmax = (z: readonly number[]) => {
  const powers = z.map((x) => Math.exp(x - Math.max(...z)));
  const sum = powers.reduce((total, p) => total + p, 0);
  return powers.map((p) => p / sum);
};

const ACTIVATIONS: Record<string, (z: number[]) => number[]> = {
  Tanh: (z) => z.map(Math.tanh),
  Logistic: (z) => z.map(sigmoid),
  Relu: (z) => z.map((x) => Math.max(0, x)),
  Linear: (z) => z,
  LinLogistic: (z) => z.map((x) => clip(x, 0, 1)),
  LinTanh: (z) => z.map((x) => clip(x, -1, 1)),
  Softmax: softmax,
  SoftmaxNoCTC: softmax,
};

const transpose = (image: Image): Image =>
  image[0]!.map((_, x) => image.map((row) => row[x]!));
const mirror = (image: Image): Image => image.map((row) => [...row].reverse());
const flip = (image: Image): Image => [...image].reverse();

function lstm({ matrices, outputs: H }: LayerNode, image: Image): Image {
  const [G, I, F, O, FY] = matrices as Matrix[];
  const zeros = () => Array.from<number>({ length: H }).fill(0);
  let above: { h: number[]; c: number[] }[] = [];
  return image.map((row, y) => {
    let h = zeros();
    let c = zeros();
    const states = row.map((place, x) => {
      const up = above[x] ?? { h: zeros(), c: zeros() };
      const input = FY ? [...place, ...h, ...up.h] : [...place, ...h];
      const g = times(G!, input).map(Math.tanh);
      const i = times(I!, input).map(sigmoid);
      const f = times(F!, input).map(sigmoid);
      const o = times(O!, input).map(sigmoid);
      const fy = FY ? times(FY, input).map(sigmoid) : [];
      c = c.map((old, unit) => {
        const fromAbove = y > 0 && FY && fy[unit]! > f[unit]!;
        const kept = fromAbove ? fy[unit]! * up.c[unit]! : f[unit]! * old;
        return clip(kept + i[unit]! * g[unit]!, -100, 100);
      });
      h = c.map((value, unit) => o[unit]! * Math.tanh(value));
      return { h, c };
    });
    above = states;
    return states.map((state) => state.h);
  });
}

/** Windows of x by y places side by side, each made one by `f` of its places, x by x. */
const windows = (
  image: Image,
  [X, Y]: readonly number[],
  f: (places: number[][]) => number[],
): Image =>
  Array.from({ length: Math.floor(image.length / Y!) }, (_, y) =>
    Array.from({ length: Math.floor(image[0]!.length / X!) }, (_, x) => {
      const places: number[][] = [];
      for (let dx = 0; dx < X!; dx++)
        for (let dy = 0; dy < Y!; dy++)
          places.push(image[y * Y! + dy]![x * X! + dx]!);
      return f(places);
    }),
  );

const RUN: Record<string, (node: LayerNode, image: Image) => Image> = {
  Input: (_, image) => image,
  Series: ({ layers }, image) =>
    layers.reduce((values, layer) => run(layer, values), image),
  RTLReversed: ({ layers }, image) => mirror(run(layers[0]!, mirror(image))),
  TTBReversed: ({ layers }, image) => flip(run(layers[0]!, flip(image))),
  XYTranspose: ({ layers }, image) =>
    transpose(run(layers[0]!, transpose(image))),
  Convolve: ({ sizes: [X, Y] }, image) =>
    image.map((row, y) =>
      row.map((place, x) => {
        const result: number[] = [];
        for (let dx = -X!; dx <= X!; dx++)
          for (let dy = -Y!; dy <= Y!; dy++)
            result.push(...(image[y + dy]?.[x + dx] ?? place.map(() => 0)));
        return result;
      }),
    ),
  Maxpool: ({ sizes }, image) =>
    windows(image, sizes, (places) =>
      places[0]!.map((_, c) => Math.max(...places.map((place) => place[c]!))),
    ),
  Reconfig: ({ sizes }, image) =>
    windows(image, sizes, (places) => places.flat()),
  LSTM: lstm,
  SummLSTM: (node, image) => lstm(node, image).map((row) => [row.at(-1)!]),
};

const parallel = ({ layers }: LayerNode, image: Image): Image => {
  const results = layers.map((layer) => run(layer, image));
  return results[0]!.map((row, y) =>
    row.map((_, x) => results.flatMap((result) => result[y]![x]!)),
  );
};

export function run(node: LayerNode, image: Image): Image {
  if (node.layers.length && !RUN[node.type]) return parallel(node, image);
  const own = RUN[node.type];
  if (own) return own(node, image);
  const [matrix] = node.matrices;
  const f = ACTIVATIONS[node.type]!;
  return image.map((row) => row.map((place) => f(times(matrix!, place))));
}
