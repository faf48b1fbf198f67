import { type Grid } from "./grid.js";

/** Height and width of a grid. */
export interface Size {
  readonly height: number;
  readonly width: number;
}

/** A layer of a network on images. */
export interface ImageLayer {
  /** Of what comes out for a grid of this size; 0 where it is too small. */
  size(input: Size): Size;
  run(input: Grid): Grid;
  /** Gives the kernel's memory back. */
  dispose(): void;
}
