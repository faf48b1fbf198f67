import { boolean, message, record } from "../checks.js";
import { ctcAlign } from "../decode/ctc-align.js";
import { ctcBeam } from "../decode/ctc-beam.js";
import { ctcGreedy } from "../decode/ctc-greedy.js";
import type { Span } from "../decode/ctc.js";
import { FormatError } from "../errors.js";
import type { LayerNode, Traineddata } from "../formats/tesseract/read.js";
import type { Tensor } from "../index.js";
import { boxesOf, type Columns } from "./boxes.js";
import { build } from "./build.js";
import { Codes, type Spelled } from "./codes.js";
import type { Grid } from "./grid.js";
import {
  type Box,
  checkImage,
  cut,
  type GreyImage,
  inverted,
} from "./image.js";
import {
  boxOf,
  columnsOf,
  inkOf,
  rowsOf,
  type Shades,
  shadesOf,
} from "./ink.js";
import type { ImageLayer } from "./layer.js";
import { splitLines, withDescent } from "./lines.js";
import { contrasted, scaled } from "./scale.js";

/** Options for reading a line. */
export interface RecognizeOptions {
  /** Only false, the default, is allowed: the dictionaries of a file are not used. */
  dictionary?: boolean;
}

/** A character and its position. */
export interface Character {
  /** The text of the character, usually one code point, sometimes several. */
  readonly text: string;
  /** 0 to 1: the highest probability at any of its steps; for a character of several codes, that of the least likely. */
  readonly confidence: number;
  /** Its first column in the image. */
  readonly left: number;
  /** The column after its last. */
  readonly right: number;
}

/** The text of one line, with its characters. */
export interface Recognition {
  /** "" if no text was found. */
  readonly text: string;
  /** 0 to 1: the mean of the characters' confidences; 0 without characters. */
  readonly confidence: number;
  readonly characters: readonly Character[];
}

/** A line of a page and its position. */
export interface Line extends Recognition, Box {}

/** The text of an image, line by line. */
export interface Page {
  /** The text of all lines, separated by line feeds. */
  readonly text: string;
  /** The mean of the lines' confidences. */
  readonly confidence: number;
  /** The lines with text. */
  readonly lines: readonly Line[];
}

const NOTHING: Recognition = { text: "", confidence: 0, characters: [] };

/** The margin around the ink, in pixels of the image, as in Tesseract. */
const MARGIN = 4;
/** Below this, a line is also read as white on black: Tesseract's invert_threshold. */
const UNSURE = 0.7;

/** The output of the network for a line. */
interface Reading {
  /** (T, C) */
  readonly probabilities: Tensor;
  readonly labels: readonly number[];
  readonly spans: readonly Span[];
  /** The mean probability of the likeliest class. */
  readonly sureness: number;
}

/** Reads lines of text with the network of a .traineddata file; returned by `load`. */
export class Recognizer {
  readonly #network: ImageLayer;
  readonly #codes: Codes;
  readonly #blank: number;
  /** The height of an image for the network. */
  readonly #rows: number;
  /** Whether the pixels of a column are the channels of one place. */
  readonly #columns: boolean;
  /** Columns of such an image per step. */
  readonly #step: number;

  /** @internal */
  constructor({ network, characters, blank, precision }: Traineddata) {
    this.#network = build(network, precision);
    this.#codes = new Codes(characters);
    this.#blank = blank;
    const [, height = 1, , depth = 1] = inputOf(network).sizes;
    this.#columns = height === 1;
    this.#rows = this.#columns ? depth : height;
    const wide = 1 << 20;
    const size = this.#network.size({ height, width: wide });
    if (size.height !== 1 || !size.width) {
      const got = `${size.height} rows of ${size.width} steps`;
      throw new FormatError(`expected one row of steps, got ${got}`, "network");
    }
    this.#step = Math.round(wide / size.width);
  }

  /**
   * The text of one line, dark on light or light on dark. The image may have blank margins, but no other lines.
   *
   * @param line greyscale, 8 bits per pixel
   * @throws TypeError, RangeError that name the argument
   */
  recognize(line: GreyImage, options: RecognizeOptions = {}): Recognition {
    const image = checkImage(line, "line");
    checkOptions(options);
    const shades = shadesOf(image);
    const ink = shades && inkOf(image, shades);
    const box = ink && boxOf(ink, image.width);
    if (!shades || !box) return NOTHING;
    return this.#line(
      image,
      shades,
      ink,
      withDescent(box, rowsOf(ink, image.width)),
    );
  }

  /**
   * The text of a clean page, line by line (`splitLines`). There is no layout analysis: columns are read across, and
   * pictures as if they were text.
   *
   * @param page greyscale, 8 bits per pixel
   * @throws TypeError, RangeError that name the argument
   */
  recognizePage(page: GreyImage, options: RecognizeOptions = {}): Page {
    const image = checkImage(page, "page");
    checkOptions(options);
    const shades = shadesOf(image);
    if (!shades) return { text: "", confidence: 0, lines: [] };
    const ink = inkOf(image, shades);
    const rows = rowsOf(ink, image.width);
    const lines = splitLines(image)
      .map((box, i, all) => {
        const room = withDescent(box, rows, all[i + 1]?.top);
        return { ...this.#line(image, shades, ink, room), ...box };
      })
      .filter(({ text }) => text);
    const confidence = mean(lines.map((line) => line.confidence));
    return {
      text: lines.map(({ text }) => text).join("\n"),
      confidence,
      lines,
    };
  }

  #line(
    image: GreyImage,
    shades: Shades,
    ink: Uint8Array,
    box: Box,
  ): Recognition {
    const around: Box = {
      left: box.left - MARGIN,
      top: box.top - MARGIN,
      right: box.right + MARGIN,
      bottom: box.bottom + MARGIN,
    };
    const part = cut(image, around, Math.round(shades.ground));
    const reading = this.#surer(part, shades);
    if (!reading) return NOTHING;
    const pixels = (this.#step * part.height) / this.#rows;
    const bottom = Math.min(image.height, box.bottom);
    const sums = columnsOf(ink, image.width, box.top, bottom);
    return this.#result(reading, {
      at: (step) => around.left + step * pixels,
      sums,
    });
  }

  /** Frees the kernel's memory now; optional. */
  dispose(): void {
    this.#network.dispose();
  }

  /** Reads the line as ink on ground, and inverted if that is unsure. */
  #surer(part: GreyImage, { darkInk }: Shades): Reading | null {
    const first = this.#read(darkInk ? part : inverted(part));
    if (!first || first.sureness >= UNSURE) return first;
    const second = this.#read(darkInk ? inverted(part) : part);
    return second && second.sureness > first.sureness ? second : first;
  }

  /** Null if the image is too narrow for a single step. */
  #read(image: GreyImage): Reading | null {
    const rows = this.#rows;
    const width = Math.round((image.width * rows) / image.height);
    const size = this.#columns ? { height: 1, width } : { height: rows, width };
    if (!this.#network.size(size).width) return null;
    const pixels = contrasted(scaled(image, width, rows), width, rows);
    const {
      width: steps,
      channels,
      data,
    } = this.#network.run(
      this.#columns
        ? columnsAsChannels(pixels, rows, width)
        : {
            ...size,
            channels: 1,
            data: pixels,
          },
    );
    const probabilities = { shape: [steps, channels], data };
    const options = { blank: this.#blank, probabilities: true };
    const { labels, spans } = ctcGreedy(probabilities, options);
    let sureness = 0;
    for (let t = 0; t < steps; t++)
      sureness += largest(data, t * channels, channels) / steps;
    return { probabilities, labels, spans, sureness };
  }

  #result(
    reading: Reading,
    place: { at(step: number): number; sums: readonly number[] },
  ): Recognition {
    const { characters, spans, labels } = this.#spelled(reading);
    const { data, shape } = reading.probabilities;
    const [, classes] = shape as [number, number];
    const surest = ({ start, end }: Span, label: number) => {
      let most = 0;
      for (let t = start; t < end; t++)
        most = Math.max(most, data[t * classes + label] as number);
      return most;
    };
    let next = 0;
    const found = characters.map(({ text, labels: count }) => {
      const own = spans.slice(next, next + count);
      const sure = own.map((span, i) =>
        surest(span, labels[next + i] as number),
      );
      next += count;
      return {
        text,
        confidence: Math.min(...sure),
        start: place.at((own[0] as Span).start),
        end: place.at((own.at(-1) as Span).end),
      };
    });
    const boxes = boxesOf(found, place.sums);
    const result = found.map(({ text, confidence }, i) => ({
      text,
      confidence,
      ...(boxes[i] as Columns),
    }));
    return {
      text: result.map(({ text }) => text).join(""),
      confidence: mean(result.map((each) => each.confidence)),
      characters: result,
    };
  }

  /** The characters of the likeliest labels that can be decoded, usually those of the best path. */
  #spelled({ probabilities, labels, spans }: Reading): {
    characters: readonly Spelled[];
    labels: readonly number[];
    spans: readonly Span[];
  } {
    const characters = this.#codes.spell(labels);
    if (characters) return { characters, labels, spans };
    const options = { blank: this.#blank, probabilities: true };
    const found = ctcBeam(probabilities, {
      ...options,
      scorer: (prefix, label) =>
        this.#codes.spell([...prefix, label], true) ? 0 : -Infinity,
    });
    for (const { labels: own } of found) {
      const spelled = this.#codes.spell(own);
      if (!spelled) continue;
      const { spans: aligned } = ctcAlign(probabilities, own, options);
      return { characters: spelled, labels: own, spans: aligned };
    }
    return { characters: [], labels: [], spans: [] };
  }
}

function checkOptions(options: RecognizeOptions): void {
  const given = record(options, "options", { dictionary: 0 });
  if (!boolean(given["dictionary"] ?? false, "dictionary")) return;
  const got = "true: a file's dictionaries are not read";
  throw new RangeError(message("dictionary", "false", got));
}

/** 0 for an empty list. */
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

/** The Input of a network, which comes first. */
function inputOf(node: LayerNode): LayerNode {
  if (node.type === "Input") return node;
  const [first] = node.layers;
  if (first) return inputOf(first);
  const expected = "a network that begins with an Input";
  throw new FormatError(`expected ${expected}, got ${node.type}`, "network");
}

/** (rows, width) → one place per column, with its pixels as channels. */
function columnsAsChannels(
  pixels: Float32Array,
  rows: number,
  width: number,
): Grid {
  const data = new Float32Array(pixels.length);
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < width; x++)
      data[x * rows + y] = pixels[y * width + x] as number;
  return { height: 1, width, channels: rows, data };
}

function largest(data: Float32Array, at: number, count: number): number {
  let most = 0;
  for (let i = at; i < at + count; i++)
    if ((data[i] as number) > most) most = data[i] as number;
  return most;
}
