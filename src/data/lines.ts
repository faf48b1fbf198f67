/*
 * Text in whole lines, as it comes: a block of all lines that have arrived, so that an answer waits for no later
 * input, and many lines cost one call.
 */
import { FormatError } from "../errors.js";

export interface Block {
  readonly text: string;
  /** Of its first line, from 1. */
  readonly line: number;
}

/** A line that is longer is none: without a limit a file without line ends would fill the memory. */
const LONGEST_LINE = 2 ** 26;

/** @throws FormatError for what is not UTF-8, or a line without an end */
export async function* lineBlocks(
  chunks: AsyncIterable<Uint8Array>,
  longest = LONGEST_LINE,
): AsyncGenerator<Block> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  let line = 1;
  const decode = (chunk?: Uint8Array) => {
    try {
      return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
    } catch {
      throw new FormatError(`line ${line} or behind: expected UTF-8`);
    }
  };
  for await (const chunk of chunks) {
    const text = decode(chunk);
    const end = text.lastIndexOf("\n") + 1;
    if (end) {
      const block = { text: rest + text.slice(0, end), line };
      yield block;
      line += countLines(block.text);
      rest = text.slice(end);
    } else rest += text;
    if (rest.length > longest)
      throw new FormatError(
        `line ${line}: expected at most ${longest} characters`,
      );
  }
  rest += decode();
  if (rest !== "") yield { text: rest, line };
}

function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1))
    lines++;
  return lines;
}

/** The shortest of the decimal texts with nine digits that is this float32 again; infinities as NumPy writes them. */
export function numberText(value: number): string {
  if (Number.isFinite(value)) return String(Number(value.toPrecision(9)));
  if (Number.isNaN(value)) return "nan";
  return value > 0 ? "inf" : "-inf";
}
