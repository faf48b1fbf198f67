/*
 * What RNN, LSTM and GRU are: gates and their order in each framework, functions, parameters, states. Formats read it
 * here, since the kernel, which it is part of, is the layers' alone.
 */
export {
  gateOrder,
  type Framework,
  parametersOf,
  peepholeOrder,
  RECURRENT_KINDS,
  type RecurrentType,
} from "../kernel/model.js";
