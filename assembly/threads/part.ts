import { roomAt } from "../integers";
import { GRU, LSTM, Recurrent } from "../layer";
import { prepare, preparedStride, productPrepared } from "./prepared";

/** A thread's part of a recurrent layer, and the step of a chunk that it is at. Counts may be 0. */
@unmanaged
export class Part {
  /** Its panels of the input weights, and so of z. */
  firstPanel: i32;
  panels: i32;
  /** Its quads of the cell. */
  first: i32;
  quads: i32;
  /** Its quads of y: those of the cell, but in an LSTM with projection. */
  firstOutput: i32;
  outputs: i32;

  /* The step. */

  z: usize;
  zRow: i32;
  y: usize;
  yRow: i32;
  /** Behind z. */
  scratch: usize;
  /** Rows that have this step: the first ones. */
  active: i32;
  /** Rows whose h is y of the step before, at `previous`; that of the others is their state. */
  known: i32;
  previous: usize;
  state: usize;
  cell: usize;

  /** Takes thread `which` of `threads`. */
  take(layer: Recurrent, which: i32, threads: i32): void {
    const quads = layer.hiddenQuads;
    // quads and panels that lie side by side: of an LSTM 1 and 1; of a GRU's rows 4 and 3, as in gru.ts; else 4 and 1
    const lstm = layer.kind == LSTM;
    const size = lstm ? 1 : 4;
    const groups = (quads + size - 1) / size;
    const from = (groups * which) / threads;
    const to = (groups * (which + 1)) / threads;
    this.first = from * size;
    this.quads = min(to * size, quads) - this.first;
    this.firstOutput = this.first;
    this.outputs = this.quads;
    if (lstm && layer.projection) {
      const outputs = layer.outputQuads;
      const panels = (outputs + 3) >> 2;
      const start = (panels * which) / threads;
      const end = (panels * (which + 1)) / threads;
      this.firstOutput = start << 2;
      this.outputs = min(end << 2, outputs) - this.firstOutput;
    }
    const panels = layer.inputPanels;
    if (layer.kind == GRU && layer.candidate) {
      // r and z of all units, then n: panels are not those of a thread's units
      this.firstPanel = (panels * which) / threads;
      this.panels = (panels * (which + 1)) / threads - this.firstPanel;
    } else {
      const each = layer.kind == GRU ? 3 : 1;
      this.firstPanel = min(from * each, panels);
      this.panels = min(to * each, panels) - this.firstPanel;
    }
  }

  /** Whether its quads of the cell are the last. */
  @inline
  isLast(layer: Recurrent): bool {
    return this.quads > 0 && this.first + this.quads == layer.hiddenQuads;
  }

  /** A row's h. */
  @inline
  h(row: i32, hRow: i32): usize {
    return row < this.known
      ? this.previous + row * this.yRow
      : this.state + row * hRow;
  }

  /**
   * Takes the lines of y that it will write in this step from the core that read them last, beside the product.
   */
  @inline
  claim(): void {
    const bytes: i32 = this.outputs << 4;
    for (let row = 0; row < this.active; row++) {
      const y = this.y + row * this.yRow + (this.firstOutput << 4);
      for (let i = 0; i < bytes; i += 64) store<i32>(y + i, 0);
    }
  }

  /**
   * z [active, zRow] ← h R, or z + h R, of `panels` panels from the `first` on, whose sums lie at z.
   *
   * Part of h comes from another core's cache: a product would wait for each line of it, one after the other, copying
   * them waits once.
   */
  productOfH(
    layer: Recurrent,
    first: i32,
    z: usize,
    zRow: i32,
    panels: i32,
    accumulate: i32,
  ): void {
    if (panels <= 0) return;
    const k = layer.outputQuads << 2;
    const hRow: i32 = layer.outputQuads << 4;
    const active = this.active;
    const known = this.known;
    const matrix = layer.recurrent;
    const stride = preparedStride(layer, k);
    const h = roomAt();
    const others = this.state + known * hRow;
    prepare(layer, matrix, this.previous, this.yRow, h, known, k);
    prepare(layer, matrix, others, hRow, h + known * stride, active - known, k);
    productPrepared(
      layer,
      matrix,
      first,
      h,
      z,
      zRow,
      active,
      k,
      panels,
      accumulate,
    );
  }
}
