import { RECURRENT } from "../fields.js";
import type { Memory } from "../memory.js";
import { Fields, LayerRecord } from "./layer.js";

/** A record of RNN, LSTM or GRU (assembly/layer.ts). */
export class RecurrentRecord extends LayerRecord {
  readonly kind: number;
  readonly recurrent: number;
  readonly projection: number;
  readonly candidate: number;
  /** The lanes of the cell, and how many of them are used. */
  readonly hidden: number;
  readonly hiddenSize: number;
  readonly reverse: boolean;
  readonly peepholes: number;
  readonly coupled: boolean;
  readonly cellClip: number;
  readonly resetAfter: boolean;
  readonly replace: boolean;

  constructor(memory: Memory, address: number) {
    super(memory, address);
    const fields = new Fields(memory, address, RECURRENT);
    this.kind = fields.int("kind");
    this.recurrent = fields.index("recurrent");
    this.projection = fields.index("projection");
    this.candidate = fields.index("candidate");
    this.hidden = fields.int("hiddenQuads") * 4;
    this.hiddenSize = this.hidden - 4 + fields.int("hiddenTail");
    this.reverse = fields.int("reverse") !== 0;
    this.peepholes = fields.index("peepholes");
    this.coupled = fields.int("coupled") !== 0;
    this.cellClip = fields.float("cellClip");
    this.resetAfter = fields.int("resetAfter") !== 0;
    this.replace = fields.int("replace") !== 0;
  }
}
