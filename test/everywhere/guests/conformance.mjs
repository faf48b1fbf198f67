// The reference cases on every backend that the runtime has. Asks nothing of the host: it runs in an AudioWorklet too.
import { cases } from "./cases.mjs";
import { sha256 } from "./sha256.mjs";

/**
 * @typedef {typeof import("gatewise")} Gatewise
 * @typedef {typeof import("gatewise/safetensors").parse} Parse
 * @typedef {import("gatewise").Backend} Backend
 * @typedef {{ backend: Backend, passed: number, of: number, distinct: number, hash: string, failures: string[] }} Result
 */

/** @type {readonly Backend[]} */
const BACKENDS = ["relaxed", "simd", "js"];

/**
 * @param {Gatewise} gatewise
 * @returns {readonly Backend[]}
 */
export function backendsOf({ LSTM }) {
  return BACKENDS.filter((backend) => {
    try {
      new LSTM({ inputSize: 1, hiddenSize: 1, backend }).forward([[1]]);
      return true;
    } catch (error) {
      if (/** @type {Error} */ (error).name === "RangeError") return false;
      throw error;
    }
  });
}

/**
 * @param {Gatewise} gatewise
 * @param {Parse} parse
 * @returns {Result[]}
 */
export function conformance(gatewise, parse) {
  return backendsOf(gatewise).map((backend) => {
    const failures = [];
    /** @type {Float32Array[]} */
    const outputs = [];
    const hashes = new Set();
    for (const { name, file } of cases) {
      try {
        const { error, tolerance, results } = runCase(
          gatewise,
          parse(bytesOf(file)),
          backend,
        );
        outputs.push(...results);
        hashes.add(hashOf(results));
        if (!(error <= tolerance))
          failures.push(`${name}: error ${error}, at most ${tolerance}`);
      } catch (error) {
        failures.push(`${name}: ${error}`);
      }
    }
    return {
      backend,
      passed: cases.length - failures.length,
      of: cases.length,
      distinct: hashes.size,
      hash: hashOf(outputs),
      failures,
    };
  });
}

/**
 * @param {Gatewise} gatewise
 * @param {ReturnType<Parse>} file
 * @param {Backend} backend
 */
function runCase(gatewise, { tensors, metadata }, backend) {
  const { input, output, h0, c0, hn, cn, ...weights } = tensors;
  const { layer, options, lengths, float32_error } = JSON.parse(
    metadata["case"] ?? "",
  );
  const { nonlinearity, reset_after, update_gate } = options;
  const chosen = {
    backend,
    ...(nonlinearity && { nonlinearity }),
    ...(reset_after !== undefined && { resetAfter: reset_after }),
    ...(update_gate && { updateGate: update_gate }),
  };
  const kind = /** @type {"RNN" | "LSTM" | "GRU"} */ (layer);
  if (!input || !output || !hn)
    throw new Error("input, output and hn expected");
  const result = gatewise[kind].fromStateDict(weights, chosen).forward(input, {
    ...(h0 && { state: { hidden: h0, ...(c0 && { cell: c0 }) } }),
    ...(lengths && { lengths }),
  });
  const { hidden, cell } = result.state;
  const pairs = [
    [result.output, output],
    [hidden, hn],
    ...(cell && cn ? [[cell, cn]] : []),
  ];
  return {
    error: Math.max(
      ...pairs.map(([got, wanted]) =>
        got && wanted ? worstError(got.data, wanted.data) : Infinity,
      ),
    ),
    tolerance: Math.max(2e-6, 4 * float32_error),
    results: pairs.map(([got]) => got?.data ?? new Float32Array()),
  };
}

/**
 * @param {Float32Array} got
 * @param {Float32Array} wanted
 */
function worstError(got, wanted) {
  if (got.length !== wanted.length) return Infinity;
  let worst = 0;
  for (const [i, value] of wanted.entries()) {
    const error = Math.abs(/** @type {number} */ (got[i]) - value);
    if (!(error <= worst)) worst = Number.isNaN(error) ? Infinity : error;
  }
  return worst;
}

/** @param {readonly Float32Array[]} outputs */
export function hashOf(outputs) {
  const all = new DataView(
    new ArrayBuffer(outputs.reduce((sum, { length }) => sum + length * 4, 0)),
  );
  let at = 0;
  for (const output of outputs)
    for (const value of output) {
      all.setFloat32(at, value, true);
      at += 4;
    }
  return sha256(new Uint8Array(all.buffer));
}

/**
 * atob is not everywhere.
 *
 * @param {string} base64
 */
export function bytesOf(base64) {
  const alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const digits = base64.replace(/=+$/, "");
  const bytes = new Uint8Array((digits.length * 3) >> 2);
  let [group, at] = [0, 0];
  for (let i = 0; i < digits.length; i++) {
    group = ((group << 6) | alphabet.indexOf(digits.charAt(i))) & 0xffffff;
    if (i % 4 > 0) bytes[at++] = group >> (6 - 2 * (i % 4));
  }
  return bytes;
}
