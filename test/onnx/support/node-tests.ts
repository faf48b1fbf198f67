import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

export type Packed = readonly [
  dtype: string,
  shape: readonly number[],
  numbers: readonly (number | string)[],
];

export interface Case {
  readonly name: string;
  readonly tolerance: number;
  readonly model: string;
  readonly inputs: Readonly<Record<string, Packed>>;
  readonly outputs: Readonly<Record<string, Packed>>;
}

const file = new URL("../fixtures/node-tests.json.gz", import.meta.url);
export const { cases } = (
  existsSync(file)
    ? JSON.parse(gunzipSync(readFileSync(file)).toString())
    : { cases: [] }
) as { cases: Case[] };

/** Why a case must be refused, or is not looked at. */
const OTHERS: readonly (readonly [name: RegExp, reason: RegExp | null])[] = [
  [
    /nonmaxsuppression|gridsample|tfidf|_dft|_stft|window(_symmetric)?$|melweight|_det_|maxunpool|roialign/,
    /not supported: /,
  ],
  // of opset 1
  [
    /^test_(global(average|max)pool|not_\dd|softplus|softsign)/,
    /expected opset 6 to 23, got 1/,
  ],
  [/test_scan_sum/, /Scan of opset 9 or later, got 8/],
  // their inputs are bits of bfloat16 as uint16
  [/BFLOAT16/, null],
  // the standard's reference counts parts of a place that there is not; onnxruntime and PyTorch do not
  [/resize_downsample_scales_(linear|cubic)_align_corners/, null],
];

/** Undefined for a case that must pass. */
export const otherwise = (name: string): RegExp | null | undefined =>
  OTHERS.find(([pattern]) => pattern.test(name))?.[1];
