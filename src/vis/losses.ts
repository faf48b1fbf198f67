import { boolean, isRecord, message, wrong } from "../checks.js";
import {
  Canvas,
  type ChartOption,
  MARGIN,
  type PictureOptions,
} from "./picture.js";

/** Options of `losses`. */
export interface LossesOptions extends PictureOptions {
  /** Whether the axis of losses is logarithmic; by default if all losses are above 0. */
  logarithmic?: boolean;
}

/** A record of `trainer.fit`, or a parsed line of `gatewise train --json`. */
export interface LossRecord {
  readonly type: string;
  readonly step?: number;
  readonly loss?: number;
  readonly gradientNorm?: number;
  readonly validation?: { readonly loss: number } | null;
}

type Line = [step: number, value: number][];

/**
 * Draws a training run: the loss of every step and epoch and of the validation, and below them the gradients' norm if it is
 * known.
 *
 * @param run the records of `fit`, in order
 * @throws TypeError, RangeError naming the argument
 */
export function losses(
  run: readonly LossRecord[],
  options: LossesOptions = {},
): ChartOption {
  const canvas = new Canvas(options, { logarithmic: 0 });
  const lines = linesOf(run);
  const all = [...lines.step, ...lines.epoch, ...lines.validation];
  if (!all.length)
    throw new RangeError(message("run", "steps or epochs with a loss", "none"));
  const logarithmic = boolean(
    options.logarithmic ?? all.every(([, loss]) => loss > 0),
    "logarithmic",
  );
  const { left } = MARGIN;
  const width = canvas.width - left - MARGIN.right;
  const top = canvas.top + 26;
  const last = all.reduce((end, [step]) => Math.max(end, step), 1);
  const x = { min: 0, max: last };
  const { theme, option } = canvas;
  const [main, second, third] = theme.lines as [string, string, string];
  const axes = canvas.axes({ left, top, width, height: 220 }, x, {
    type: logarithmic ? "log" : "value",
    scale: true,
    splitLine: { show: true },
    axisLabel: {
      formatter: (value: number) => `${Number(value.toPrecision(2))}`,
    },
  });
  canvas.write(16, top, "loss", 12);
  const line = (name: string, data: Line, color: string, wide: number) => {
    if (data.length)
      option.series.push({
        type: "line",
        ...axes,
        name,
        data,
        color,
        showSymbol: data.length < 2,
        lineStyle: { width: wide, opacity: wide < 1.5 ? 0.55 : 1 },
      });
  };
  line("step", lines.step, main, 1);
  line("epoch", lines.epoch, main, 2);
  line("held out", lines.validation, second, 2);
  if (lines.norm.length) {
    const norms = { left, top: top + 250, width, height: 90 };
    canvas.write(16, norms.top - 18, "gradients", 12);
    option.series.push({
      type: "line",
      ...canvas.axes(norms, x, {
        splitLine: { show: true },
        splitNumber: 2,
        min: 0,
      }),
      name: "gradients' norm",
      data: lines.norm,
      color: third,
      showSymbol: false,
      lineStyle: { width: 1 },
    });
  }
  option["legend"] = {
    top: canvas.top - 4,
    left,
    icon: "roundRect",
    itemHeight: 3,
    itemWidth: 16,
    textStyle: { color: theme.text, fontSize: 12 },
  };
  return option;
}

function linesOf(run: unknown) {
  if (!Array.isArray(run)) throw wrong(false, "run", "a list of records", run);
  const lines = {
    step: [] as Line,
    epoch: [] as Line,
    validation: [] as Line,
    norm: [] as Line,
  };
  let at = 0;
  for (const [index, entry] of (run as unknown[]).entries()) {
    if (!isRecord(entry))
      throw wrong(false, `run[${index}]`, "an object", entry);
    const { type, step, loss, gradientNorm, validation } =
      entry as unknown as LossRecord;
    if (type === "step" && typeof loss === "number") {
      at = step ?? at + 1;
      lines.step.push([at, loss]);
      if (typeof gradientNorm === "number") lines.norm.push([at, gradientNorm]);
    }
    if (type === "epoch" && typeof loss === "number") {
      // a run without steps counts epochs
      if (!lines.step.length) at++;
      lines.epoch.push([at, loss]);
      if (validation) lines.validation.push([at, validation.loss]);
    }
  }
  return lines;
}
