import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startProgress } from "../../src/cli/progress.js";

// Long work shows how far it has come: a bar to people, plain lines to logs, nothing where it is short.
let written: string;
const { isTTY } = process.stderr;

beforeEach(() => {
  written = "";
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    written += String(text);
    return true;
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  process.stderr.isTTY = isTTY;
});

test("a log gets a line every five seconds, and none before", () => {
  process.stderr.isTTY = false;
  const progress = startProgress("run", 200, false);
  for (let done = 1; done <= 160; done++) {
    vi.advanceTimersByTime(100);
    progress.update(done);
  }
  progress.stop();
  expect(written).toBe("run: 25 %\nrun: 50 %\nrun: 75 %\n");
});

test("a terminal gets a bar after half a second, which is gone at the end", () => {
  process.stderr.isTTY = true;
  process.stderr.cursorTo ??= () => true;
  process.stderr.clearLine ??= () => true;
  process.stderr.moveCursor ??= () => true;
  const progress = startProgress("run", 100, false);
  vi.advanceTimersByTime(400);
  progress.update(10);
  expect(written).toBe("");
  vi.advanceTimersByTime(400);
  progress.update(20);
  expect(written).toContain("run ");
  expect(written).toContain("20 %");
  progress.stop();
});

test("quiet, or soon done, it shows nothing", () => {
  for (const [terminal, quiet] of [
    [true, true],
    [false, true],
    [true, false],
    [false, false],
  ] as const) {
    process.stderr.isTTY = terminal;
    const progress = startProgress("run", 100, quiet);
    vi.advanceTimersByTime(quiet ? 60_000 : 300);
    progress.update(50);
    progress.stop();
  }
  expect(written).toBe("");
});
