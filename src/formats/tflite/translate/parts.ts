/*
 * Operators that join or split values.
 */
import type { Call, Translate } from "./call.js";
import { sameScale } from "./moved.js";

const concatenation: Translate = (call) => {
  const axis = call.options.int("axis");
  const all = Array.from({ length: call.inputCount }, (_, i) => i);
  if (call.fused === "NONE" && all.every((i) => sameScale(call, i)))
    return call.giveStored(
      call.emit(
        "Concat",
        all.map((i) => call.stored(i)),
        { axis },
      ),
    );
  const joined = call.emit(
    "Concat",
    all.map((i) => call.real(i)),
    { axis },
  );
  call.give(call.activated(joined));
};

/** Joins values along a new axis, counted in the result. */
const pack: Translate = (call) => {
  const axis = call.options.int("axis");
  const all = Array.from({ length: call.inputCount }, (_, i) => i);
  const exact = all.every((i) => sameScale(call, i));
  const wide = all.map((i) =>
    call.emit("Unsqueeze", [exact ? call.stored(i) : call.real(i)], {
      axes: [axis],
    }),
  );
  const joined = call.emit("Concat", wide, { axis });
  if (exact) call.giveStored(joined);
  else call.give(joined);
};

/** Sets the outputs to the parts of a split: as integers if the scales are the same, otherwise as floats. */
function giveParts(call: Call, input: number, split: (x: string) => string[]) {
  const exact = sameScale(call, input);
  const parts = split(exact ? call.stored(input) : call.real(input));
  parts.forEach((part, i) =>
    exact ? call.giveStored(part, i) : call.give(part, i),
  );
}

const unpack: Translate = (call) => {
  const axis = call.options.int("axis");
  giveParts(call, 0, (x) =>
    call
      .emitWide("Split", [x], call.outputCount, { axis })
      .map((part) => call.emit("Squeeze", [part], { axes: [axis] })),
  );
};

/** The axis is the first input. */
const split: Translate = (call) => {
  const [axis] = call.list(0);
  giveParts(call, 1, (x) =>
    call.emitWide("Split", [x], call.outputCount, { axis }),
  );
};

/** The sizes of the parts, one of which may be -1 for the rest. */
const splitV: Translate = (call) => {
  const [axis = 0] = call.list(2);
  const sizes = call.list(1);
  const { shape } = call.tensor(0);
  const whole = shape[axis < 0 ? axis + shape.length : axis] ?? 0;
  const known = sizes.reduce((sum, n) => sum + Math.max(0, n), 0);
  const lengths = sizes.map((n) => (n === -1 ? whole - known : n));
  giveParts(call, 0, (x) =>
    call.emitWide("Split", [x], call.outputCount, { axis, split: lengths }),
  );
};

export const parts: Readonly<Record<string, Translate>> = {
  CONCATENATION: concatenation,
  PACK: pack,
  UNPACK: unpack,
  SPLIT: split,
  SPLIT_V: splitV,
};
