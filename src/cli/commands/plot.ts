/** `gatewise plot MODEL INPUT OUT.svg`, `gatewise plot --loss RUN.jsonl OUT.svg`: pictures by gatewise/vis. @module */
import { basename, extname } from "node:path";
import type { Tensor } from "../../tensor.js";
import {
  type ChartOption,
  gates,
  losses,
  type LossRecord,
  states,
  toSVG,
  traceLayers,
  weights,
} from "../../vis/index.js";
import { inputFor } from "../../data/shapes.js";
import { readLines } from "../../data/json-lines.js";
import { lineBlocks } from "../../data/lines.js";
import { importECharts } from "../echarts.js";
import { about, UsageError } from "../errors.js";
import { chunksOf } from "../input.js";
import { loadModel } from "../model.js";
import { writeOutput } from "../../data/output.js";
import { readGiven, type ReadGiven } from "../run/given.js";
import type { CommonOptions } from "./options.js";

export const PICTURES = ["gates", "outputs", "weights"] as const;

interface PlotOptions extends CommonOptions, ReadGiven {
  readonly loss?: string;
  readonly what?: (typeof PICTURES)[number];
  readonly width: number;
  readonly theme: "light" | "dark";
}

export async function plot(
  files: readonly string[],
  options: PlotOptions,
): Promise<void> {
  const { loss, what = "gates", quiet } = options;
  const names = loss === undefined ? NEEDED[what] : ["[OUT]"];
  const least = names.filter((name) => !name.startsWith("[")).length;
  if (files.length < least || files.length > names.length)
    throw new UsageError(
      `arguments: expected ${names.join(" ")}, got ${files.join(" ") || "none"}`,
    );
  const source = loss ?? (files[0] as string);
  const out =
    files[names.length - 1] ?? `${basename(source, extname(source))}.svg`;
  const echarts = await importECharts();
  const { width, theme } = options;
  const option =
    loss === undefined
      ? await pictureOf(files, what, options)
      : await about(loss, async () =>
          losses(await recordsOf(loss), { width, theme }),
        );
  await about(out, () => writeOutput(out, toSVG(echarts, option)));
  if (!quiet && out !== "-") process.stderr.write(`${out}\n`);
}

const NEEDED = {
  gates: ["MODEL", "INPUT", "[OUT]"],
  outputs: ["MODEL", "INPUT", "[OUT]"],
  weights: ["MODEL", "[OUT]"],
} as const;

async function pictureOf(
  files: readonly string[],
  what: keyof typeof NEEDED,
  options: PlotOptions,
): Promise<ChartOption> {
  const { width, theme } = options;
  const [file, input] = files as [string, string];
  const title = basename(file);
  const style = { width, theme, title };
  const loaded = await loadModel(file, options);
  if (what === "weights")
    return weights(loaded.runner.chain("weights").stateDict(), style);
  const { arrays } = await about(input, () =>
    readGiven(loaded, input, options),
  );
  return about(input, async () => {
    const { runner } = loaded;
    if (what === "gates") {
      const model = runner.chain("gates");
      const [given] = arrays.values();
      return gates(traceLayers(model, inputFor(model, given as Tensor)), style);
    }
    const outputs = await runner.runArrays(arrays, () => undefined);
    const [first] = outputs.values();
    return states(first as Tensor, style);
  });
}

async function recordsOf(path: string): Promise<LossRecord[]> {
  const records: LossRecord[] = [];
  for await (const block of lineBlocks(chunksOf(path)))
    for (const { value } of readLines(block)) records.push(value as LossRecord);
  return records;
}
