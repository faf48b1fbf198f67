import { expect, test } from "vitest";
import { checkAddress, withoutPassword } from "../../src/queue/address.js";

test.each([
  ["redis://host:6379/1", "redis://host:6379/1"],
  ["redis://me:secret@host", "redis://host"],
  ["rediss://me:se/cr@et@host:1", "rediss://host:1"],
  ["me:secret@host", "host"],
])("%s is shown without its password", (url, shown) => {
  expect(withoutPassword(url)).toBe(shown);
});

test("nor is it in the error about the address", () => {
  expect(() => checkAddress("redis://me:se/cret@host")).toThrow(
    new RangeError(
      'queue.url: expected redis://host:port or rediss://host:port, got "redis://host"',
    ),
  );
});
