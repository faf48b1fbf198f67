/*
 * Recurrent layers in a graph: nodes that are gatewise's layers, with Keras's states as inputs and outputs.
 *
 *     Keras      y, h [B, H], c [B, H] of each cell; for a Bidirectional, those of the forward direction first
 *     gatewise   hidden, cell [D, B, H]
 */
import { FormatError } from "../../../errors.js";
import type { Layer } from "../../../index.js";
import { isRecord } from "../../../checks.js";
import { field, type Place } from "../../json.js";
import { readBidirectional } from "../bidirectional.js";
import { flag, type LayerConfig, placeOf } from "../config.js";
import type { Piece } from "../make.js";
import { makeLayer } from "../make.js";
import { readRecurrent, returnsState } from "../recurrent.js";
import { Flow, sizesText } from "./flow.js";
import { piecesOf } from "./pieces.js";
import { flowsIn, type Prepare, type Translation } from "./translation.js";

interface Cell {
  readonly piece: Piece;
  readonly layer: Layer;
  /** The number of states in Keras: h, or h and c, for each direction. */
  readonly states: number;
  readonly directions: number;
}

export const recurrent: Prepare = (layer, weights, translation) => {
  const place = placeOf(layer.className, layer.name);
  const twoWay = layer.className === "Bidirectional";
  const apart = twoWay && field(layer.config, "merge_mode") === null;
  const read = twoWay ? readBidirectional : readRecurrent;
  const given = apart ? joined(layer) : layer;
  const cells = piecesOf(given, weights, translation, read).map(
    (piece): Cell => {
      const directions = twoWay ? 2 : 1;
      const each = piece.type === "LSTM" ? 2 : 1;
      const layer = makeLayer(piece, translation.backend);
      return { piece, layer, states: each * directions, directions };
    },
  );
  const own = twoWay ? innerConfig(layer) : layer.config;
  const returnState = returnsState(layer);
  const sequences = flag(own, "return_sequences", false);

  return ({ inputs, args, keywords }, { emit }) => {
    const [x, ...rest] = inputs;
    if (!x || x.rank !== 3)
      throw new FormatError(
        `expected a sequence [B, T, features], got ${x ? sizesText(x.sizes) : "none"}`,
        place,
      );
    const initial = [
      ...rest,
      ...flowsIn(args.slice(1)),
      ...flowsIn(keywords.get("initial_state") ?? []),
    ];
    const count = cells.reduce((sum, { states }) => sum + states, 0);
    if (initial.length && initial.length !== count)
      throw new FormatError(
        `expected ${count} initial states, got ${initial.length}`,
        place,
      );
    const { mask } = x;
    let flow = x;
    const states: Flow[] = [];
    for (const cell of cells) {
      const from = initial.splice(0, cell.states);
      const run = runCell(cell, flow, mask, from, emit);
      flow = run.output;
      states.push(...run.states);
    }
    const output = flow.with(sequences ? mask : null);
    return [
      ...(apart ? halves(output, emit) : [output]),
      ...(returnState ? states : []),
    ];
  };
};

function runCell(
  { piece, layer, states, directions }: Cell,
  x: Flow,
  mask: Flow | null,
  initial: readonly Flow[],
  emit: Translation["emit"],
): { output: Flow; states: Flow[] } {
  const each = states / directions;
  const joinedState = (kind: number): string => {
    const own = initial.filter((_, i) => i % each === kind);
    const rows = own.map((state) => emit.unsqueeze(state, 0));
    if (!rows.length) return "";
    return (rows.length > 1 ? emit.concat(rows, 0) : (rows[0] as Flow)).value;
  };
  const run = emit.builder.layer(layer, x.value, {
    name: emit.name,
    ...(mask && { mask: mask.value }),
    hidden: joinedState(0),
    cell: each > 1 ? joinedState(1) : "",
  });
  const { returnSequences, hiddenSize } = piece.options;
  const batch = x.sizes[0] ?? null;
  const sizes = [
    batch,
    ...(returnSequences ? [x.sizes[1] ?? null] : []),
    piece.outputSize,
  ];
  const all = [run.hidden, run.cell]
    .slice(0, each)
    .map((name) => new Flow(name, [directions, batch, hiddenSize as number]));
  const found: Flow[] = [];
  for (let direction = 0; direction < directions; direction++)
    for (const state of all) found.push(emit.pick(state, 0, direction));
  return { output: new Flow(run.output, sizes), states: found };
}

/** The two directions for merge_mode None. */
function halves(x: Flow, emit: Translation["emit"]): Flow[] {
  const axis = x.rank - 1;
  const size = (x.sizes[axis] as number) / 2;
  return [0, size].map((from) =>
    emit.slice(x, axis, from, from + size).with(x.mask),
  );
}

/** The same, with both directions in one output. */
function joined(layer: LayerConfig): LayerConfig {
  const { at, fields } = layer.config;
  const config = { at, fields: { ...fields, merge_mode: "concat" } };
  return { ...layer, config };
}

function innerConfig({ config }: LayerConfig): Place {
  const inner = field(config, "layer");
  const own = isRecord(inner) ? inner["config"] : null;
  return isRecord(own) ? { at: config.at, fields: own } : config;
}
