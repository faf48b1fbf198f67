import { message } from "../checks.js";
import type { TensorLike } from "../tensor.js";
import { heat } from "./heat.js";
import {
  Canvas,
  type ChartOption,
  MARGIN,
  type PictureOptions,
} from "./picture.js";
import { matrix, upTo } from "./values.js";

/** What `spectra` draws, and how. */
export interface SpectraOptions extends PictureOptions {
  /** Hertz: what the highest line stands for twice; without it frequencies are counted. */
  sampleRate?: number;
  /** Samples between two frames, with `sampleRate` for the axis of seconds. */
  hop?: number;
  /** How far below the loudest the darkest is; 80 dB by default. */
  range?: number;
}

/**
 * A spectrogram: magnitudes in decibels below the loudest, time across, frequency up.
 *
 * @param magnitudes [T, F], as of `Stft` of gatewise/audio, from 0 Hz to half the sample rate
 * @throws TypeError, RangeError that name the argument
 */
export function spectra(
  magnitudes: TensorLike,
  options: SpectraOptions = {},
): ChartOption {
  const canvas = new Canvas(options, { sampleRate: 0, hop: 0, range: 0 });
  const { sampleRate, hop, range = 80 } = options;
  if (typeof range !== "number" || !(range > 0))
    throw new RangeError(message("range", "a number above 0", String(range)));
  const { shape, data } = matrix(magnitudes, "magnitudes");
  const [steps, lines] = shape as [number, number];
  const most = data.reduce((top, x) => Math.max(top, Math.abs(x)), 1e-12);
  const decibels = data.map(
    (x) => 20 * Math.log10(Math.max(Math.abs(x) / most, 1e-12)),
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
  // frequency goes up, rows go down
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
