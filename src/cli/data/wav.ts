/*
 * WAV files: chunks, of which `fmt ` describes the samples in `data`. Reads integers of 8 to 32 bits and floats; writes
 * float32.
 *
 * The readers on npm divide positive samples by 32767 and negative ones by 32768. Networks are trained on what Python's
 * libraries read, which divide by 32768 throughout, and the difference shows in outputs, at 1e-5.
 */
import { message } from "../../checks.js";
import { FormatError } from "../../errors.js";

export interface Audio {
  readonly sampleRate: number;
  /** The samples of each channel. */
  readonly channels: readonly Float32Array[];
}

interface Format {
  readonly channels: number;
  readonly sampleRate: number;
  /** Bytes a sample. */
  readonly size: number;
  readonly read: (view: DataView, at: number) => number;
}

const PCM = 1;
const FLOAT = 3;
/** The actual format is in the last bytes of the chunk. */
const EXTENSIBLE = 0xfffe;

const READERS: ReadonlyMap<string, Format["read"]> = new Map([
  [`${PCM}/8`, (view, at) => (view.getUint8(at) - 128) / 2 ** 7],
  [`${PCM}/16`, (view, at) => view.getInt16(at, true) / 2 ** 15],
  [
    `${PCM}/24`,
    (view, at) =>
      (view.getUint16(at, true) + view.getInt8(at + 2) * 2 ** 16) / 2 ** 23,
  ],
  [`${PCM}/32`, (view, at) => view.getInt32(at, true) / 2 ** 31],
  [`${FLOAT}/32`, (view, at) => view.getFloat32(at, true)],
  [`${FLOAT}/64`, (view, at) => view.getFloat64(at, true)],
]);

/** @throws FormatError if it is not a WAV file, or has no samples */
export function readWav(file: Uint8Array): Audio {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const word = (at: number) =>
    at + 4 <= file.length
      ? String.fromCharCode(...file.subarray(at, at + 4))
      : "";
  if (word(0) !== "RIFF" || word(8) !== "WAVE")
    throw new FormatError("byte 0: expected RIFF and WAVE, a WAV file");
  let format: Format | null = null;
  for (let at = 12; at + 8 <= file.length;) {
    const size = view.getUint32(at + 4, true);
    // programs that write to a pipe put 0 or the maximum here, and the samples continue to the end
    const unknown = size === 0 || size === 0xffffffff;
    const start = at + 8;
    const end = unknown ? file.length : start + size;
    if (word(at) === "fmt ") format = readFormat(view, start, end);
    if (word(at) === "data")
      return readSamples(view, start, Math.min(end, file.length), format);
    at = end + (size % 2);
  }
  throw new FormatError("expected a chunk of samples, got none", "data");
}

function readFormat(view: DataView, start: number, end: number): Format {
  if (end - start < 16 || end > view.byteLength)
    throw new FormatError(`byte ${start}: expected a format of 16 bytes`);
  const given = view.getUint16(start, true);
  const extended = given === EXTENSIBLE && end - start >= 26;
  const tag = extended ? view.getUint16(start + 24, true) : given;
  const channels = view.getUint16(start + 2, true);
  const sampleRate = view.getUint32(start + 4, true);
  const bits = view.getUint16(start + 14, true);
  const read = READERS.get(`${tag}/${bits}`);
  if (read && channels && sampleRate)
    return { channels, sampleRate, size: bits / 8, read };
  const expected = "1 (PCM, 8 to 32 bits) or 3 (float, 32 or 64 bits)";
  const got = `${tag} with ${bits} bits, ${channels} channels at ${sampleRate} Hz`;
  throw new FormatError(message(`byte ${start}: format`, expected, got));
}

function readSamples(
  view: DataView,
  start: number,
  end: number,
  format: Format | null,
): Audio {
  if (!format)
    throw new FormatError(
      `byte ${start}: expected a format before the samples`,
    );
  const { channels: count, sampleRate, size, read } = format;
  const frames = Math.floor((end - start) / (count * size));
  if (!frames)
    throw new FormatError(`byte ${start}: expected samples, got none`);
  const channels = Array.from({ length: count }, (_, channel) => {
    const samples = new Float32Array(frames);
    for (let t = 0; t < frames; t++)
      samples[t] = read(view, start + (t * count + channel) * size);
    return samples;
  });
  return { sampleRate, channels };
}

const HEADER = 58; // RIFF, fmt with 18 bytes, fact, data

export function writeWav({ sampleRate, channels }: Audio): Uint8Array {
  const count = channels.length;
  const frames = channels[0]?.length ?? 0;
  const bytes = 4 * count * frames;
  if (HEADER + bytes > 0xffffffff)
    throw new RangeError(`WAV: expected less than 4 GiB, got ${bytes} bytes`);
  const file = new Uint8Array(HEADER + bytes);
  const view = new DataView(file.buffer);
  let at = 0;
  const text = (word: string) => {
    for (let i = 0; i < word.length; i++) file[at++] = word.charCodeAt(i);
  };
  const number = (value: number, size: 2 | 4) => {
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += size;
  };
  text("RIFF");
  number(HEADER - 8 + bytes, 4);
  text("WAVEfmt ");
  number(18, 4);
  number(FLOAT, 2);
  number(count, 2);
  number(sampleRate, 4);
  number(4 * count * sampleRate, 4);
  number(4 * count, 2);
  number(32, 2);
  number(0, 2); // no extension
  text("fact");
  number(4, 4);
  number(frames, 4);
  text("data");
  number(bytes, 4);
  for (let frame = 0; frame < frames; frame++)
    for (const samples of channels) {
      view.setFloat32(at, samples[frame] as number, true);
      at += 4;
    }
  return file;
}
