import { LAYER } from "../fields.js";
import { activationKernel } from "../js/activation.js";
import { F32 } from "../pack/f32.js";
import { panelsOf } from "../sizes.js";
import { type Cell, outputFields } from "./cell.js";
import { type CellFunction, functionFields, isStandard } from "./functions.js";

const RUN = { name: "activation", js: activationKernel };

/** y = f(x), feature by feature; softmax over those of a step. */
export function activationCell(size: number, activation: CellFunction): Cell {
  const zPanels = panelsOf(size);
  const functions = functionFields([activation], !isStandard(activation));
  return {
    inputSize: size,
    outputSize: size,
    hiddenSize: size,
    reverse: false,
    window: null,
    run: RUN,
    fields: LAYER,
    ints: { ...outputFields(size, zPanels), ...functions.ints },
    floats: functions.floats,
    format: F32,
    matrices: () => [],
    vectors: [],
    states: [],
    zPanels,
    scratch: 0,
    traced: [],
  };
}
