import { message, record } from "../checks.js";
import type { StateDict } from "../safetensors.js";
import type { Tensor } from "../tensor.js";
import { Canvas, type ChartOption, type PictureOptions } from "./picture.js";
import { upTo } from "./values.js";

const BINS = 41;
const PANEL = { width: 190, height: 72, gapX: 34, gapY: 48 } as const;

/**
 * Draws the distribution of each parameter: a histogram around 0, as wide as its largest number. Numbers that are not
 * finite are counted in its title.
 *
 * @param dict the result of `stateDict()`
 * @throws TypeError, RangeError naming the argument
 */
export function weights(
  dict: StateDict,
  options: PictureOptions = {},
): ChartOption {
  const canvas = new Canvas(options);
  const entries = Object.entries(record(dict, "dict")) as [string, Tensor][];
  if (!entries.length)
    throw new RangeError(message("dict", "at least one parameter", "none"));
  const pitch = PANEL.width + PANEL.gapX;
  const columns = Math.max(1, Math.floor((canvas.width - 24) / pitch));
  entries.forEach(([name, { shape, data }], index) => {
    const left = 24 + (index % columns) * pitch;
    const top =
      canvas.top +
      Math.floor(index / columns) * (PANEL.height + PANEL.gapY + 12);
    const { counts, most, odd } = histogram(data);
    const title = name.length > 30 ? `…${name.slice(-29)}` : name;
    canvas.write(left, top, title, 11, "bold");
    const sizes = `[${shape.join(", ")}]`;
    const note = odd ? `${sizes}, ${odd} not finite` : sizes;
    canvas.write(left, top + 15, note, 10);
    const place = {
      left,
      top: top + 34,
      width: PANEL.width,
      height: PANEL.height,
    };
    const axes = canvas.axes(
      place,
      {
        min: -most,
        max: most,
        interval: most,
        axisLabel: { formatter: (x: number) => `${Number(x.toPrecision(2))}` },
      },
      { axisLabel: { show: false } },
    );
    canvas.option.series.push({
      type: "bar",
      ...axes,
      silent: true,
      barWidth: Math.max(1, Math.floor(PANEL.width / BINS) - 1),
      color: canvas.theme.lines[0],
      data: upTo(BINS).map((bin) => [
        (2 * most * (bin + 0.5)) / BINS - most,
        counts[bin],
      ]),
    });
  });
  return canvas.option;
}

function histogram(data: Float32Array) {
  let most = 0;
  let odd = 0;
  for (const value of data)
    if (Number.isFinite(value)) most = Math.max(most, Math.abs(value));
    else odd++;
  if (most === 0) most = 1;
  const counts = Array.from({ length: BINS }, () => 0);
  for (const value of data) {
    if (!Number.isFinite(value)) continue;
    const bin = Math.floor(((value + most) / (2 * most)) * BINS);
    counts[Math.min(BINS - 1, bin)]!++;
  }
  return { counts, most, odd };
}
