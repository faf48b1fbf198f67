import { expect, test } from "vitest";
import { packError } from "../../src/messages.js";
import type { Request } from "../../src/worklet/protocol.js";
import { Requests } from "../../src/worklet/requests.js";

const reset: Request = { type: "reset", id: 0 };

test("each reply settles its own request", async () => {
  const posted: Request[] = [];
  const requests = new Requests((request) => posted.push(request));
  const [first, second] = [requests.send(reset), requests.send(reset)];
  const [a, b] = posted.map(({ id }) => id) as [number, number];
  const error = packError(new RangeError("no"));
  requests.receive({ id: b, error });
  requests.receive({ id: a, value: null });
  await expect(second).rejects.toThrow(new RangeError("no"));
  expect(await first).toBeNull();
});

test("once the processor has stopped, requests reject instead of waiting for ever", async () => {
  const requests = new Requests(() => undefined);
  const stopped = new Error("processor: stopped by an error");
  const pending = requests.send(reset);
  requests.fail(stopped);
  await expect(pending).rejects.toBe(stopped);
  await expect(requests.send(reset)).rejects.toBe(stopped);
});
