/*
 * What formats need to know about RNN, LSTM and GRU: gates and their order in each framework, functions, parameters,
 * states. It is part of the kernel, which only layers may import, so it is exported again here.
 */
export {
  gateOrder,
  type Framework,
  parametersOf,
  peepholeOrder,
  RECURRENT_KINDS,
  type RecurrentType,
} from "../kernel/model.js";
