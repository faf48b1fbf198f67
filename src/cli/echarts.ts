/*
 * ECharts, which draws the pictures of gatewise/vis: an optional package, since nothing else needs it.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { EChartsLike } from "../vis/index.js";

/** Found from this package or from the current folder: a program started by npx is installed elsewhere. */
export async function importECharts(): Promise<EChartsLike> {
  try {
    return (await import("echarts")) as unknown as EChartsLike;
  } catch {
    // not there
  }
  try {
    const { resolve } = createRequire(join(process.cwd(), "package.json"));
    const { href } = pathToFileURL(resolve("echarts"));
    const found = (await import(href)) as { default?: EChartsLike };
    return found.default ?? (found as EChartsLike);
  } catch {
    throw new Error(
      "pictures: expected the echarts package, which draws them, got none (npm install echarts)",
    );
  }
}
