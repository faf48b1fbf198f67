// Bundled to one script and run in a realm of its own, with the typed arrays of the realm around it: what happens
// under Jest and Vitest, and between a page and its frames.
import * as gatewise from "gatewise";
import { parse } from "gatewise/safetensors";
import { foreign } from "./foreign.mjs";
import { report } from "./report.mjs";

/**
 * @param {Float32ArrayConstructor} Numbers
 * @param {Uint8ArrayConstructor} Bytes
 * @param {() => number} now
 */
const inRealm = (Numbers, Bytes, now) =>
  report(
    async () => ({ gatewise, parse: foreign(parse, Numbers, Bytes) }),
    now,
  );

Reflect.set(globalThis, "inRealm", inRealm);
