import { expect, test } from "vitest";
import { pairs } from "../../src/graph/states.js";

const port = (name: string, shape: (number | string)[]) => ({
  name,
  type: "float32",
  shape,
});

const frames = port("x", ["batch", "time", 8]);
const marks = port("y", ["batch", "time", 8]);
const state = ["layers", "batch", 8];

/** Names as they stand in exported files. */
test.each([
  ["h0", "hn"],
  ["h", "hout"],
  ["hx", "hy"],
  ["cx", "cy"],
  ["hidden", "hidden_out"],
  ["h_in", "h_out"],
  ["in_state", "out_state"],
  ["prev_state", "next_state"],
  ["state", "new_state"],
  ["past_0", "present_0"],
  ["state_0", "state_1"],
])("the state %s comes back as %s, beside x and y", (input, output) => {
  const found = pairs(
    [frames, port(input, state)],
    [marks, port(output, state)],
  );
  expect([...found]).toEqual([[input, output]]);
});

test("x and y are no state, whatever their sizes", () => {
  expect(pairs([frames], [marks]).size).toBe(0);
  expect(pairs([frames, port("h", state)], [marks]).size).toBe(0);
});

test("nor are names that go together when their sizes do not", () => {
  const found = pairs(
    [frames, port("h0", [1, "batch", 8])],
    [marks, port("hn", [2, "batch", 8])],
  );
  expect(found.size).toBe(0);
});
