import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse, type StateDict } from "../../src/safetensors.js";

const folder = new URL("fixtures/", import.meta.url);

/** What tools/make_torch_files.py says of a file. */
export interface Expected {
  /** As float32. */
  dict: StateDict;
  /** Of the network, where the file holds a whole one. */
  input: StateDict[string] | undefined;
  output: StateDict[string] | undefined;
  state_dict: string;
  integers: string[];
  modules?: [name: string, type: string][];
}

export const readFixture = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(name, folder)));

/** Names of all files that can be read, without .pt. */
export const readable = names(".safetensors");

/** Names of those that must be refused. */
export const refused = names(".pt").filter((name) =>
  name.startsWith("refused-"),
);

export function readExpected(name: string): Expected {
  const { tensors, metadata } = parse(readFixture(`${name}.safetensors`));
  const dict = Object.entries(tensors)
    .filter(([key]) => key.startsWith("dict."))
    .map(([key, value]) => [key.slice("dict.".length), value]);
  return {
    dict: Object.fromEntries(dict),
    input: tensors["input"],
    output: tensors["output"],
    ...JSON.parse(metadata["case"]!),
  };
}

function names(ending: string): string[] {
  return readdirSync(fileURLToPath(folder))
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length))
    .sort();
}
