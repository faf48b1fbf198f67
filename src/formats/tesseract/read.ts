/*
 * Reads the line recogniser of a .traineddata file. Part 17, which must be read to its last byte:
 *
 *     the layers    string spec    i32 flags    i32 × 2 iterations    i32 null character    f32 × 3 Adam beta, rate, momentum
 *
 * If the unicharset or the recoder has no part of its own, both are in part 17: the unicharset after the layers, the
 * recoder at the end.
 */
import { FormatError } from "../../errors.js";
import type { Precision } from "../../layers/options.js";
import { makeReport, type Report, type ReportLayer } from "../report.js";
import {
  type Coded,
  readRecoder,
  readUnicharset,
  withoutRecoder,
} from "./characters.js";
import {
  NETWORK,
  partName,
  readParts,
  RECODER,
  UNICHARSET,
  VERSION,
} from "./container.js";
import { Cursor } from "./cursor.js";
import { type LayerNode, readLayer } from "./layers.js";

export type { Coded } from "./characters.js";
export type { LayerNode, LayerType } from "./layers.js";
export type { Matrix } from "./matrix.js";

/** The contents of a file. */
export interface Traineddata {
  readonly network: LayerNode;
  /** The network in VGSL, Tesseract's language for them: "[1,36,0,1Ct3,3,16…O1c1]". */
  readonly spec: string;
  /** CTC's blank class, Tesseract's "null character". */
  readonly blank: number;
  readonly characters: readonly Coded[];
  /** How its matrices are to be multiplied. */
  readonly precision: Precision;
  readonly report: Report;
}

const RECODED = 64;

/**
 * @param chosen how matrices are to be multiplied; null: those of integers as integers
 * @throws FormatError naming the part and the byte
 */
export function readTraineddata(
  bytes: Uint8Array,
  chosen: Precision | null = null,
): Traineddata {
  const parts = readParts(bytes);
  const part = (index: number) => {
    const found = parts.get(index);
    return found && new Cursor(found, partName(index));
  };
  const cursor = part(NETWORK);
  if (!cursor) {
    const got = parts.size ? "only parts of the old engine" : "no parts";
    throw new FormatError(`${partName(NETWORK)}: expected one, got ${got}`, 4);
  }
  const network = readLayer(cursor);
  const classes = network.outputs;
  const unicharset = part(UNICHARSET);
  const recoder = part(RECODER);
  const inNetwork = unicharset && recoder ? null : readUnicharset(cursor);
  const spec = cursor.text("spec");
  const flags = cursor.int32("flags");
  cursor.take(2, 4, "iterations");
  const at = cursor.at;
  const blank = cursor.int32("null character");
  if (blank < 0 || blank >= classes) {
    const expected = `a class from 0 to ${classes - 1}`;
    throw cursor.unexpected("null character", expected, blank, at);
  }
  cursor.take(3, 4, "Adam beta, learning rate, momentum");
  const names = inNetwork ?? readUnicharset(unicharset as Cursor);
  if (!inNetwork) unicharset?.end();
  const codes = inNetwork ? cursor : (recoder as Cursor);
  const characters =
    flags & RECODED
      ? readRecoder(codes, names, classes)
      : withoutRecoder(names);
  if (flags & RECODED && !inNetwork) recoder?.end();
  cursor.end();
  const version = parts.get(VERSION);
  const integers = matricesOf(network).some((matrix) => matrix.integers);
  const precision = chosen ?? (integers ? "int8" : "float32");
  return {
    network,
    precision,
    spec,
    blank,
    characters,
    report: makeReport({
      format: "tesseract",
      producer: "tesseract",
      version: version ? new TextDecoder().decode(version) : null,
      layers: [...reported(network)],
      converted: converted(integers, precision),
      ignored: [...parts]
        .filter(([index]) => !READ.includes(index))
        .map(([index, { length }]) => `${partName(index)}, ${length} bytes`),
      warnings: warnings(names),
    }),
  };
}

const READ: readonly number[] = [NETWORK, UNICHARSET, RECODER, VERSION];

function* reported(node: LayerNode): Generator<ReportLayer> {
  const { type, name, inputs, outputs, sizes, matrices } = node;
  const [matrix] = matrices;
  const notes = [
    ...(sizes.length ? [`[${sizes.join(", ")}]`] : []),
    ...(matrices.length > 1 ? [`gates g i f o in ${matrices.length}`] : []),
    ...(matrix ? [matrix.integers ? "int8 weights" : "float weights"] : []),
  ];
  yield {
    name,
    type,
    sizes: { inputs, outputs },
    convention: notes.join(", ") || `${node.layers.length} layers`,
  };
  for (const layer of node.layers) yield* reported(layer);
}

const matricesOf = (node: LayerNode): LayerNode["matrices"] => [
  ...node.matrices,
  ...node.layers.flatMap(matricesOf),
];

function converted(integers: boolean, precision: Precision): string[] {
  if (precision === "float32")
    return integers
      ? [
          "int8 weights: multiplied by the scale of their row, as float32; activations stay float32, where Tesseract rounds them to int8",
        ]
      : [];
  const bits = precision === "int8" ? 16 : 7;
  return integers
    ? [`activations: rounded to ${bits} bits, where Tesseract rounds them to 8`]
    : [
        `float weights: rounded to int8, with a scale per row; activations: rounded to ${bits} bits`,
      ];
}

function warnings(names: readonly string[]): string[] {
  return names.some((name) => /[\p{sc=Arab}\p{sc=Hebr}]/u.test(name))
    ? [
        "a right-to-left script: characters are in the order of the image, from left to right",
      ]
    : [];
}
