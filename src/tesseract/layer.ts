import { type Grid } from "./grid.js";

/** Height and width of a grid. */
export interface Size {
  readonly height: number;
  readonly width: number;
}

/** A layer of a network on images. */
export interface ImageLayer {
  /** The output size for a grid of this size; 0 if that is too small. */
  size(input: Size): Size;
  run(input: Grid): Grid;
  /** Frees the kernel's memory. */
  dispose(): void;
}
