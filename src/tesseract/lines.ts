/*
 * Splits a clean page into lines: rows of ink separated by rows of ground. There is no layout analysis: columns of text,
 * tables, pictures and sloping text are not recognised.
 */
import { type Box, checkImage, type GreyImage } from "./image.js";
import { columnsOf, extent, inkOf, rowsOf, shadesOf } from "./ink.js";

/** A range of rows; `bottom` is exclusive. */
interface Band {
  readonly top: number;
  readonly bottom: number;
}

/** The minimum height of a line in rows: below it, letters cannot be distinguished. */
const LEAST_ROWS = 5;
/** Share of the usual height below which a band close to a line is a part of it, such as an accent or a dot. */
const PART = 0.4;
/** Multiple of the usual height above which a band is several lines that touch. */
const SEVERAL = 1.6;
/**
 * How far letters go down, of the height that others have above the baseline. A line that has none such gets the room all
 * the same, as lines had in training: without it "MEETING ROOM 3 IS" is larger than the network knows capitals, and their
 * spaces are missed. On 255 lines characters wrong went from 138 to 112 (best_int) and from 120 to 113 (fast).
 */
const DESCENT = 0.3;

/**
 * The lines of a page, from top to bottom. Each box has the columns of its ink, and rows with room for ascenders and
 * descenders as in the other lines of the page. There must be a row of (almost) only ground between lines.
 *
 * @param page greyscale, 8 bits per pixel
 * @throws TypeError, RangeError that name the argument
 */
export function splitLines(page: GreyImage): Box[] {
  const image = checkImage(page, "page");
  const shades = shadesOf(image);
  if (!shades) return [];
  const { width } = image;
  const ink = inkOf(image, shades);
  const rows = rowsOf(ink, width);
  const bands = joined(bandsOf(rows)).filter(
    ({ top, bottom }) => bottom - top >= LEAST_ROWS,
  );
  const usual = median(bands.map(heightOf));
  const lines = bands.flatMap((band) => divided(band, rows, usual));
  const shapes = lines.map((line) => shapeOf(line, rows));
  const above = median(shapes.map(({ above: n }) => n));
  const below = median(shapes.map(({ below: n }) => n));
  return lines.map(({ top, bottom }, i) => {
    const { baseline } = shapes[i] as Shape;
    const low = bottom - top < 0.9 * (above + below);
    const [left, right] = extent(columnsOf(ink, width, top, bottom));
    return {
      left,
      top: low
        ? Math.max(lines[i - 1]?.bottom ?? 0, Math.min(top, baseline - above))
        : top,
      right,
      bottom: low
        ? Math.min(
            lines[i + 1]?.top ?? image.height,
            Math.max(bottom, baseline + below),
          )
        : bottom,
    };
  });
}

/**
 * The box of a line, with room for letters that go down where it has none.
 *
 * @param rows how much ink each has @param limit the row that it does not reach
 */
export function withDescent(
  box: Box,
  rows: readonly number[],
  limit = Number.POSITIVE_INFINITY,
): Box {
  const { baseline, above } = shapeOf(box, rows);
  const bottom = Math.min(limit, Math.round(baseline + DESCENT * above));
  return { ...box, bottom: Math.max(box.bottom, bottom) };
}

const heightOf = ({ top, bottom }: Band): number => bottom - top;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Runs of consecutive rows with ink. */
function bandsOf(rows: readonly number[]): Band[] {
  const bands: Band[] = [];
  let top = -1;
  for (let y = 0; y <= rows.length; y++) {
    if (rows[y]) {
      if (top < 0) top = y;
    } else if (top >= 0) {
      bands.push({ top, bottom: y });
      top = -1;
    }
  }
  return bands;
}

/** Joins accents, dots and tails to the line that they are close to. */
function joined(bands: readonly Band[]): Band[] {
  const usual = median(
    bands.map(heightOf).filter((height) => height >= LEAST_ROWS),
  );
  const result: Band[] = [];
  for (const band of bands) {
    const before = result.at(-1);
    const gap = band.top - (before?.bottom ?? Number.NEGATIVE_INFINITY);
    const part = before && Math.min(heightOf(before), heightOf(band));
    if (before && gap <= 0.25 * usual && (part ?? usual) < PART * usual) {
      result.pop();
      result.push({ top: before.top, bottom: band.bottom });
    } else result.push(band);
  }
  return result;
}

/** Divides lines that touch, where there is least ink. */
function divided(band: Band, rows: readonly number[], usual: number): Band[] {
  const height = heightOf(band);
  if (height < SEVERAL * usual) return [band];
  const count = Math.round(height / usual);
  const pitch = height / count;
  const cuts = Array.from({ length: count - 1 }, (_, i) => {
    const middle = band.top + pitch * (i + 1);
    let best = Math.round(middle);
    for (let y = Math.ceil(middle - pitch / 3); y < middle + pitch / 3; y++)
      if ((rows[y] as number) < (rows[best] as number)) best = y;
    return best;
  });
  return [band.top, ...cuts].map((top, i) => ({
    top,
    bottom: cuts[i] ?? band.bottom,
  }));
}

interface Shape {
  /** The row below letters without descenders. */
  readonly baseline: number;
  /** The number of rows above and below it. */
  readonly above: number;
  readonly below: number;
}

/** Most ink is between the baseline and the top of small letters. */
function shapeOf({ top, bottom }: Band, rows: readonly number[]): Shape {
  const most = Math.max(...rows.slice(top, bottom));
  let baseline = bottom;
  while (baseline > top && (rows[baseline - 1] as number) < most / 3)
    baseline--;
  return { baseline, above: baseline - top, below: bottom - baseline };
}
