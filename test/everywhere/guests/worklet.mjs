// @ts-nocheck: runs in a browser, which resolves its imports by address
// An AudioWorklet, with no build: no dynamic import, no performance, no TextDecoder, no atob.
import * as gatewise from "/node_modules/gatewise/dist/index.js";
import { parse } from "/node_modules/gatewise/dist/safetensors.js";
import { report } from "./report.mjs";

registerProcessor(
  "conformance",
  class extends AudioWorkletProcessor {
    constructor() {
      super();
      report(
        async () => ({ gatewise, parse }),
        () => Date.now(),
      ).then(
        (answer) => this.port.postMessage(answer),
        (error) =>
          this.port.postMessage({ error: String(error?.stack ?? error) }),
      );
    }

    process() {
      return true;
    }
  },
);
