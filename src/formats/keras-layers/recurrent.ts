/*
 * Layers that run forwards or backwards: LSTM, GRU, SimpleRNN, Keras 2's cuDNN layers, and RNN around one or more cells.
 */
import { isRecord } from "../../checks.js";
import { field, object, objects, type Place } from "../json.js";
import { CELL_TYPES, readCell } from "./cells.js";
import {
  flag,
  type LayerConfig,
  numbered,
  readLayer,
  snakeCase,
} from "./config.js";
import { type Reading, refuse } from "./context.js";
import { pushRecurrent, readRun, requireSequence } from "./runs.js";
import type { LayerWeights } from "./weights.js";

/** A cell: its class, its config, and the path of attributes from the layer to it. */
interface CellConfig {
  readonly className: string;
  readonly config: Place;
  readonly path: readonly string[];
}

export const RECURRENT_LAYERS = [
  "LSTM",
  "GRU",
  "SimpleRNN",
  "CuDNNLSTM",
  "CuDNNGRU",
  "RNN",
] as const;

export const isRecurrent = (className: string): boolean =>
  className === "Bidirectional" ||
  (RECURRENT_LAYERS as readonly string[]).includes(className);

/** Whether a layer returns its states as outputs. */
export function returnsState({ className, config }: LayerConfig): boolean {
  if (!isRecurrent(className)) return false;
  const inner = field(config, "layer");
  const own = isRecord(inner) ? inner["config"] : null;
  const run = isRecord(own) ? { at: config.at, fields: own } : config;
  return flag(run, "return_state", false);
}

export function readRecurrent(
  layer: LayerConfig,
  weights: LayerWeights,
  reading: Reading,
): void {
  requireSequence(layer, reading);
  const cells = cellsOf(layer);
  const run = readRun(layer, reading);
  const masked = reading.pieces.some(
    ({ type, options }) => type === "Masking" || options["maskZero"] === true,
  );
  if (masked && cells.length > 1 && reading.producer.tfjs)
    refuse(
      layer,
      `expected no mask, because TensorFlow.js mixes up the states of several cells, got one and ${cells.length} cells`,
    );
  cells.forEach(({ className, config, path }, index) => {
    const last = index === cells.length - 1;
    const cell = readCell(
      className,
      config,
      weights,
      { path, index },
      reading.size,
      reading,
    );
    const inner = { ...run, returnSequences: run.returnSequences || !last };
    pushRecurrent(
      layer,
      [cell],
      inner,
      { backwards: run.goBackwards, last },
      reading,
    );
  });
  if (cells.length > 1)
    reading.converted.push(
      `${layer.name}: ${cells.length} cells became ${cells.length} layers`,
    );
}

/** The cells of a layer, the one at the input first. */
export function cellsOf(layer: LayerConfig): CellConfig[] {
  const { className, config } = layer;
  if (className !== "RNN") return [{ className, config, path: ["cell"] }];
  const cell = readLayer(object(config, "cell"));
  if (cell.className !== "StackedRNNCells") return [checked(cell, ["cell"])];
  const cells = objects(cell.config, "cells").map(readLayer);
  const names = numbered(cells.map((each) => snakeCase(each.className)));
  if (!cells.length) refuse(layer, "expected at least one cell, got none");
  return cells.map((each, i) =>
    checked(each, ["cell", "cells", names[i] as string]),
  );
}

function checked(cell: LayerConfig, path: readonly string[]): CellConfig {
  const { className, config } = cell;
  if (className.endsWith("Cell") && CELL_TYPES.has(className))
    return { className, config, path };
  return refuse(
    cell,
    `expected a SimpleRNNCell, LSTMCell or GRUCell, got ${className.slice(0, 100)}`,
  );
}
