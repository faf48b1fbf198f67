/** `gatewise generate MODEL`: tokens, each of which is the next input. @module */
import { message } from "../../checks.js";
import { parse } from "../../safetensors.js";
import { UsageError } from "../errors.js";
import { loadModel } from "../model.js";
import { openOutput } from "../../data/output.js";
import type { CommonOptions } from "./options.js";

interface GenerateCommandOptions extends CommonOptions {
  readonly prompt?: string;
  readonly tokens?: readonly number[];
  readonly vocabulary?: string;
  readonly steps: number;
  readonly count: number;
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly stop?: number;
  readonly seed: number;
}

export async function generate(
  file: string,
  options: GenerateCommandOptions,
): Promise<void> {
  const { runner, bytes } = await loadModel(file, options);
  const model = runner.chain(file);
  const letters = vocabularyOf(bytes, options);
  const prompt = promptOf(options, letters);
  const { steps, count, temperature, topK, topP, stop, seed, json } = options;
  const output = await openOutput("-");
  for (let i = 0; i < count; i++) {
    const tokens = model.generate({
      prompt,
      steps,
      seed: seed + i,
      ...(temperature !== undefined && { temperature }),
      ...(topK !== undefined && { topK }),
      ...(topP !== undefined && { topP }),
      ...(stop !== undefined && { stop }),
    });
    if (json) {
      const all = [...tokens];
      const text = letters && all.map((token) => letters[token] ?? "").join("");
      await output.write(`${JSON.stringify({ tokens: all, text })}\n`);
      continue;
    }
    // written token by token, so that a long text can be read while it is generated
    let first = true;
    for (const token of tokens) {
      const word = letters
        ? (letters[token] ?? "")
        : `${first ? "" : " "}${token}`;
      await output.write(word);
      first = false;
    }
    await output.write("\n");
  }
}

/** The character of each token, from the option or the model's metadata; null if neither has them. */
function vocabularyOf(
  bytes: Uint8Array,
  { vocabulary }: GenerateCommandOptions,
): readonly string[] | null {
  if (vocabulary !== undefined) return [...vocabulary];
  try {
    const { metadata } = parse(bytes);
    return metadata["vocabulary"] === undefined
      ? null
      : [...metadata["vocabulary"]];
  } catch {
    return null; // not a safetensors file
  }
}

function promptOf(
  { prompt, tokens }: GenerateCommandOptions,
  letters: readonly string[] | null,
): readonly number[] {
  if (prompt !== undefined && tokens)
    throw new UsageError("--tokens: expected no --prompt with it, got both");
  if (tokens) return tokens;
  if (prompt === undefined) return [0];
  if (!letters)
    throw new UsageError(
      "--prompt: expected --vocabulary as well, since the file has none, got nothing",
    );
  return Array.from(prompt, (letter) => {
    const token = letters.indexOf(letter);
    if (token >= 0) return token;
    throw new UsageError(
      message("--prompt", `characters of ${letters.join("")}`, letter),
    );
  });
}
