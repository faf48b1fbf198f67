import { PerformanceObserver } from "node:perf_hooks";

const MB = 2 ** 20;

/** What is in use once all garbage is gone, in MB: the JavaScript heap, and what hangs on it (buffers, WebAssembly memories). */
export async function inUse(): Promise<{ heap: number; external: number }> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc!();
    await new Promise((resolve) => setTimeout(resolve, 1)); // finalizers run between tasks
  }
  return { heap: process.memoryUsage().heapUsed / MB, external: external() };
}

/** ArrayBuffers and WebAssembly memories as they are, garbage included, in MB. */
export function external(): number {
  return process.memoryUsage().external / MB;
}

const RUNS = 3;

/**
 * Heap bytes that `work` allocates, and how many garbage collections it sets off; exact when that is none. The least
 * of some runs, because the engine may still compile and optimise in the first ones; a run of no collection and less
 * than `few` bytes is the last.
 */
export async function allocations(
  work: () => void,
  few: number,
): Promise<{ bytes: number; collections: number }> {
  let least = { bytes: Infinity, collections: Infinity };
  for (let run = 0; run < RUNS; run++) {
    const { bytes, collections } = await allocated(work);
    least = {
      bytes: Math.min(least.bytes, bytes),
      collections: Math.min(least.collections, collections),
    };
    if (collections === 0 && bytes < few) break;
  }
  return least;
}

async function allocated(
  work: () => void,
): Promise<{ bytes: number; collections: number }> {
  let collections = 0;
  const observer = new PerformanceObserver(
    (list) => (collections += list.getEntries().length),
  );
  await inUse();
  await new Promise((resolve) => setTimeout(resolve, 5));
  observer.observe({ entryTypes: ["gc"] });
  const before = process.memoryUsage().heapUsed;
  work();
  const bytes = process.memoryUsage().heapUsed - before;
  await new Promise((resolve) => setTimeout(resolve, 5));
  collections += observer.takeRecords().length;
  observer.disconnect();
  return { bytes, collections };
}
