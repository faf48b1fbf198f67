import { wrong } from "../checks.js";
import { type ChartOption, sizeOf } from "./picture.js";

/** The part of ECharts that draws SVG without a page: `import * as echarts from "echarts"`. */
export interface EChartsLike {
  init(
    element: null,
    theme: null,
    options: {
      renderer: "svg";
      ssr: true;
      width: number;
      height: number;
    },
  ): {
    setOption(option: never): unknown;
    renderToSVGString(): string;
    dispose(): void;
  };
}

/**
 * A picture as SVG text, in Node or anywhere else without a page.
 *
 * @throws TypeError if `echarts` is not ECharts
 */
export function toSVG(echarts: EChartsLike, option: ChartOption): string {
  if (typeof (echarts as Partial<EChartsLike> | null)?.init !== "function")
    throw wrong(false, "echarts", "the module echarts", echarts);
  const chart = echarts.init(null, null, {
    renderer: "svg",
    ssr: true,
    ...sizeOf(option),
  });
  try {
    chart.setOption(option as never);
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}
