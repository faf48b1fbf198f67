/*
 * Splits text into blocks of whole lines as it arrives, so that an answer does not wait for later input, and many lines
 * take only one call.
 */
import { FormatError } from "../errors.js";

export interface Block {
  readonly text: string;
  /** The number of its first line, from 1. */
  readonly line: number;
}

/** The limit for a line, in characters: otherwise a file without line ends would fill the memory. */
const MAX_LINE = 2 ** 26;

/** @throws FormatError for text that is not UTF-8, or a line that is too long */
export async function* lineBlocks(
  chunks: AsyncIterable<Uint8Array>,
  maxLine = MAX_LINE,
): AsyncGenerator<Block> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  let line = 1;
  const decode = (chunk?: Uint8Array) => {
    try {
      return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
    } catch {
      throw new FormatError(`line ${line} or later: expected UTF-8`);
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
    if (rest.length > maxLine)
      throw new FormatError(
        `line ${line}: expected at most ${maxLine} characters`,
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

/** The number with up to nine digits, enough to read back the same float32; infinities as NumPy writes them. */
export function numberText(value: number): string {
  if (Number.isFinite(value)) return String(Number(value.toPrecision(9)));
  if (Number.isNaN(value)) return "nan";
  return value > 0 ? "inf" : "-inf";
}
