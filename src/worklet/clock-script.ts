/* The worker of startClock, which keeps writing the time. One file, dist/worklet-clock.js. */
import { BEAT, PAUSE, PAUSES, TICK, TIME } from "./clock.js";

/** What a worker's scope has and TypeScript's DOM library knows of windows only. */
const scope = globalThis as unknown as {
  onmessage: ((event: { data: Int32Array }) => void) | null;
  postMessage(message: unknown): void;
};

scope.onmessage = ({ data: time }) => {
  let last = performance.now();
  Atomics.store(time, TIME, last * 1000);
  scope.postMessage(null);
  for (;;) {
    const now = performance.now();
    const tick = (now - last) * 1000;
    if (tick > PAUSE) Atomics.add(time, PAUSES, 1);
    else if (tick > Atomics.load(time, TICK)) Atomics.store(time, TICK, tick);
    Atomics.store(time, TIME, now * 1000); // wraps around after 71 minutes
    Atomics.add(time, BEAT, 1);
    last = now;
  }
};
