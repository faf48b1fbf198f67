import { Cell, LSTM, RNN } from "./cell";
import { gruBackward, gruForward } from "./gru";
import { lstmBackward, lstmForward } from "./lstm";
import { rnnBackward, rnnForward } from "./rnn";

/** Through time, from sums of W x + b in z: gates and states stay on the tape. */
export function forward(cell: Cell): void {
  if (cell.kind == LSTM) lstmForward(cell);
  else if (cell.kind == RNN) rnnForward(cell);
  else gruForward(cell);
}

/** Back through time: z becomes the gradients of the sums, dh and dc those of the first state. */
export function backward(cell: Cell): void {
  if (cell.kind == LSTM) lstmBackward(cell);
  else if (cell.kind == RNN) rnnBackward(cell);
  else gruBackward(cell);
}
