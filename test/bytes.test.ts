import { expect, test } from "vitest";
import { toBytes } from "../src/bytes.js";

test("bytes that went to a worker are refused by name", () => {
  const whole = new Uint8Array(8);
  const { buffer } = whole;
  structuredClone(buffer, { transfer: [buffer] });
  const message =
    "bytes: expected bytes that are there, got some that were transferred to a worker, or cut off";
  for (const gone of [whole, buffer])
    expect(() => toBytes(gone)).toThrow(new TypeError(message));
});
