/**
 * Pictures of recurrent networks: gates, states, attention, losses, weights and spectra, as options of Apache ECharts.
 * These are plain objects: `echarts.init(element).setOption(gates(trace))` draws one in a page, and
 * `toSVG(echarts, gates(trace))` draws it in Node. Install ECharts yourself: nothing here imports it.
 *
 * @module
 */
export { attention, type AttentionOptions } from "./attention.js";
export { gates, type GatesOptions } from "./gates.js";
export { losses, type LossesOptions, type LossRecord } from "./losses.js";
export {
  type ChartOption,
  type PictureOptions,
  type Size,
  sizeOf,
} from "./picture.js";
export { spectra, type SpectraOptions } from "./spectra.js";
export { states, type StatesOptions } from "./states.js";
export { type EChartsLike, toSVG } from "./svg.js";
export { traceLayers } from "./trace-layers.js";
export { weights } from "./weights.js";
