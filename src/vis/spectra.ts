import { wrong } from "../checks.js";
import type { TensorLike } from "../tensor.js";
import { heat } from "./heat.js";
import {
  Canvas,
  type ChartOption,
  MARGIN,
  type PictureOptions,
} from "./picture.js";
import { matrix, upTo } from "./values.js";

/** Options of `spectra`. */
export interface SpectraOptions extends PictureOptions {
  /** In hertz, for the axis of frequencies; without it, they are numbered. */
  sampleRate?: number;
  /** Samples between two frames; with `sampleRate`, for the axis of seconds. */
  hop?: number;
  /** The range of colours in dB below the loudest; 80 by default. */
  range?: number;
}

/**
 * Draws a spectrogram: magnitudes in decibels below the loudest, with time to the right and frequency upwards.
 *
 * @param magnitudes [T, F], for instance by `Stft` of gatewise/audio, from 0 Hz to half the sample rate. NaN is not drawn
 * @throws TypeError, RangeError naming the argument
 */
export function spectra(
  magnitudes: TensorLike,
  options: SpectraOptions = {},
): ChartOption {
  const canvas = new Canvas(options, { sampleRate: 0, hop: 0, range: 0 });
  const { sampleRate, hop, range = 80 } = options;
  for (const [name, value] of Object.entries({ range, sampleRate, hop }))
    if (value !== undefined && !(typeof value === "number" && value > 0))
      throw wrong(typeof value === "number", name, "a number above 0", value);
  const { shape, data } = matrix(magnitudes, "magnitudes");
  const [steps, lines] = shape as [number, number];
  const loudest = data.reduce(
    (max, x) => (Number.isFinite(x) ? Math.max(max, Math.abs(x)) : max),
    1e-12,
  );
  const decibels = data.map(
    (x) => 20 * Math.log10(Math.max(Math.abs(x) / loudest, 1e-12)),
  );
  const { left } = MARGIN;
  const width = canvas.width - left - MARGIN.right;
  const seconds = sampleRate && hop ? hop / sampleRate : null;
  const hertz = sampleRate ? sampleRate / 2 / (lines - 1 || 1) : null;
  const label = (scale: number | null, unit: string) => ({
    axisLabel: {
      show: true,
      formatter: (x: number) =>
        scale === null
          ? `${x}`
          : `${Number((x * scale).toPrecision(2))} ${unit}`,
    },
  });
  // frequencies go up, rows go down
  const top = upTo(lines).reverse();
  const up = label(hertz === null ? null : hertz / 1000, "kHz");
  const { formatter } = up.axisLabel;
  heat(
    canvas,
    { left, top: canvas.top, width, height: 220 },
    { shape: [steps, lines], data: decibels },
    top,
    {
      colours: [canvas.theme.ground, ...canvas.theme.gate.slice(2)],
      min: -range,
      max: 0,
      ends: ["0 dB", `−${range}`],
      shown: true,
    },
    label(seconds, "s"),
    {
      axisLabel: {
        show: true,
        formatter: (row: number) => formatter(lines - row),
      },
    },
  );
  return canvas.option;
}
