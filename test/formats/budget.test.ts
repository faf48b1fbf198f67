import { expect, test } from "vitest";
import { FormatError } from "../../src/errors.js";
import { Budget } from "../../src/formats/budget.js";

test("a budget is spent to the last byte, and no further", () => {
  const budget = new Budget(100);
  budget.take(60, "a");
  budget.take(40, "b");
  budget.take(0, "c");
  expect(() => budget.take(1, "entry d")).toThrow(FormatError);
  expect(() => budget.take(1, "entry d")).toThrow(
    "entry d: the file expands to more than 100 bytes, the limit; raise it with options.maxBytes",
  );
});
