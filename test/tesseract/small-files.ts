/* The files that the tests of the reader begin with. */
import { CHARACTERS, type File, make, NETWORKS } from "./writer.js";

export const layers = NETWORKS["English's"]!;
export const file: File = { layers, characters: CHARACTERS, blank: 7 };
export const dense = (name = "Softmax") =>
  make.series(make.input(1, 4), make.dense(name, 4, 3));
export const small: File = {
  layers: dense(),
  characters: [
    [" ", 0],
    ["a", 1],
  ],
  blank: 2,
};
