import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { init } from "gatewise/threads";
import { init as initOfNode } from "../../src/threads/node.js";
import { bundle } from "../../tools/bundle.mjs";

/* What `create` gives, and calls of init that meet. */

const folder = mkdtempSync(join(tmpdir(), "gatewise-"));
const script = join(folder, "script.mjs");
beforeAll(() => bundle("src/threads/script-node.ts", script));
afterAll(() => rmSync(folder, { recursive: true }));

/** Workers that are made, and when each has ended. */
function counting() {
  const ends: Promise<unknown>[] = [];
  const create = () => {
    const worker = new Worker(script);
    ends.push(new Promise((resolve) => worker.on("exit", resolve)));
    return worker;
  };
  return { ends, create };
}

test.each([
  [{}, "an object"],
  [7, "7"],
  [null, "null"],
  [Promise.resolve(), "a Promise"],
  [{ postMessage() {}, terminate() {} }, "an object"],
])("create that gives %o is refused by name", async (worker, got) => {
  const { ends, create } = counting();
  let made = 0;
  const second = () => (made++ ? worker : create());
  await expect(init({ threads: 3, create: second as never })).rejects.toThrow(
    new TypeError(`create(): expected a worker, got ${got}`),
  );
  // the first one does not stay behind
  await Promise.all(ends);
});

test("create that throws leaves no worker behind", async () => {
  const { ends, create } = counting();
  const fails = () => {
    if (ends.length) throw new Error("no more of them");
    return create();
  };
  await expect(init({ threads: 3, create: fails })).rejects.toThrow(
    "no more of them",
  );
  await Promise.all(ends);
});

test("of two calls at once the first is closed, and its workers end", async () => {
  const one = counting();
  const two = counting();
  const [first, second] = await Promise.all([
    init({ threads: 2, create: one.create }),
    init({ threads: 3, create: two.create }),
  ]);
  expect([first.threads, first.reason]).toEqual([1, "it was closed"]);
  expect([second.threads, second.reason]).toEqual([3, null]);
  await Promise.all(one.ends);
  await second.close();
});

test("a call that fails does not stop the next", async () => {
  const { create } = counting();
  const absent = () => new Worker(`${script}.no`);
  const asked = init({ threads: 2, create: absent });
  const next = init({ threads: 2, create });
  await expect(asked).rejects.toThrow(/expected thread 1 to start/);
  const threads = await next;
  expect(threads.threads).toBe(2);
  await threads.close();
});

test("a thread that has not started when another fails: no timer waits for it", async () => {
  vi.useFakeTimers();
  try {
    const listeners: Record<string, (event: unknown) => void>[] = [];
    const terminate = vi.fn();
    const create = () => {
      const own: (typeof listeners)[number] = {};
      listeners.push(own);
      return {
        postMessage() {},
        terminate,
        addEventListener: (type: string, heard: (event: unknown) => void) =>
          (own[type] = heard),
      };
    };
    const asked = init({ threads: 3, create: create as never });
    const refused = expect(asked).rejects.toThrow(
      "threads: expected thread 2 to start, got no script",
    );
    await vi.waitFor(() => expect(vi.getTimerCount()).toBe(2));
    listeners[1]?.["error"]?.({ message: "no script" });
    await refused;
    expect(terminate).toHaveBeenCalledTimes(2);
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test("options of Node that are undefined are those by default", async () => {
  const { create } = counting();
  const threads = await initOfNode({ threads: undefined, create } as never);
  expect(threads.threads).toBe(Math.min(4, availableParallelism()));
  const asked = initOfNode(null as never);
  await expect(asked).rejects.toThrow("options: expected an object, got null");
  // its own worker is not there without a build: that it is made at all is what counts
  const own = initOfNode({ threads: 2, create: undefined } as never);
  await expect(own).rejects.toThrow(/^threads: expected thread 1 to start/);
});
