/*
 * Test cases, inputs and expected outputs: an .npz file with the arrays of one case, or JSON.
 *
 *     case.npz     input, output; for a graph, its own names
 *     cases.json   { "input": …, "output": … }, or { "inputs": { name: … }, "outputs": { name: … } }, or a list of these
 */
import { extname } from "node:path";
import { isRecord, message } from "../../checks.js";
import { reasonOf, shortReasonOf } from "../../errors.js";
import { FormatError, type Nested, tensor, type Tensor } from "../../index.js";
import { UsageError } from "../errors.js";
import { readInput } from "../input.js";
import type { Arrays } from "./arrays.js";
import { readNpz } from "../../formats/numpy/npz.js";

export interface Case {
  readonly inputs: Arrays;
  /** The expected outputs by name; "" for a chain of layers. */
  readonly outputs: Arrays;
}

/** @param outputNames of the model; none for a chain of layers */
export async function readCases(
  path: string,
  outputNames: readonly string[],
): Promise<Case[]> {
  const ending = extname(path).toLowerCase();
  if (ending === ".npz")
    return [split(readNpz(await readInput(path)), outputNames)];
  if (ending === ".json") return fromJson(await readInput(path));
  throw new UsageError(`${path}: expected a name that ends with .npz or .json`);
}

function split(arrays: Arrays, outputNames: readonly string[]): Case {
  const names = outputNames.length ? outputNames : ["output"];
  const inputs = new Map<string, Tensor>();
  const outputs = new Map<string, Tensor>();
  for (const [name, array] of arrays)
    if (names.includes(name))
      outputs.set(outputNames.length ? name : "", array);
    else inputs.set(name, array);
  if (outputs.size) return { inputs, outputs };
  const got = [...arrays.keys()].join(", ") || "none";
  throw new FormatError(message("arrays", names.join(", "), got));
}

function fromJson(bytes: Uint8Array): Case[] {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new FormatError(
      `expected JSON in UTF-8, got ${shortReasonOf(error)}`,
    );
  }
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (!list.length)
    throw new FormatError("expected at least one case, got none");
  return list.map((one, index) => {
    const at = `case ${index + 1}`;
    if (!isRecord(one)) throw new FormatError(`${at}: expected an object`);
    return {
      inputs: arraysOf(one["inputs"], one["input"], `${at}: input`),
      outputs: arraysOf(one["outputs"], one["output"], `${at}: output`),
    };
  });
}

function arraysOf(named: unknown, single: unknown, at: string): Arrays {
  if (isRecord(named))
    return new Map(
      Object.entries(named).map(([name, value]) => [
        name,
        toTensor(value, `${at}s.${name}`),
      ]),
    );
  return new Map([["", toTensor(single, at)]]);
}

/** Nested lists, or { shape, data }. */
function toTensor(value: unknown, at: string): Tensor {
  try {
    if (isRecord(value))
      return tensor(value["data"] as number[], value["shape"] as number[]);
    return tensor(value as Nested);
  } catch (error) {
    const reason = reasonOf(error);
    throw new FormatError(`${at}: ${reason}`);
  }
}
