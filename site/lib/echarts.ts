/* The parts of ECharts that the pictures of gatewise/vis need. */
import { BarChart, CustomChart, LineChart } from "echarts/charts";
import {
  GridComponent,
  LegendComponent,
  TitleComponent,
  VisualMapContinuousComponent,
} from "echarts/components";
import { use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([
  BarChart,
  CustomChart,
  LineChart,
  GridComponent,
  LegendComponent,
  TitleComponent,
  VisualMapContinuousComponent,
  SVGRenderer,
]);

export { type ECharts, init } from "echarts/core";
