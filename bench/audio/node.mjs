/** The bench's part in Node. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as audio from "../../dist/audio/index.js";
import { compareSuppressions } from "./noise.mjs";
import { onnxruntime, sileroFile, vadWeb } from "./peers.mjs";
import { compareVoices, median } from "./voice.mjs";

/**
 * The bench's part in a place: Node, or a browser.
 *
 * @typedef {object} Place
 * @property {string} name with its version
 * @property {(model: string, size: number) => Promise<import("./voice.mjs").Voices>} voices
 * @property {(model: string, rounds: number) => Promise<Ready>} ready
 * @property {(model: string, files: readonly string[]) => Promise<import("./noise.mjs").Suppressed>} suppressions
 * @property {(model: string, files: readonly string[]) => Promise<import("./quanta.mjs").Quanta>} [quanta] in an AudioWorklet
 * @property {() => Promise<void>} close
 *
 * @typedef {{ ours: number, theirs: number, downloads?: { ours: Download, theirs: Download } }} Ready milliseconds, the medians
 * @typedef {readonly { file: string, gzipped: number }[]} Download
 */

/** @param {{ conversation: Float32Array, noisy: Float32Array }} sounds @returns {Place} */
export const node = ({ conversation, noisy }) => ({
  name: `Node ${process.versions.node.split(".")[0]}`,
  voices: (model, size) =>
    compareVoices(
      (handlers) =>
        new audio.VoiceActivity({
          model: readFileSync(sileroFile(model)),
          ...handlers,
        }),
      (handlers) => vadWeb(model, handlers),
      size,
      conversation,
    ),
  ready: async (model, rounds) => {
    const script = fileURLToPath(new URL("ready.mjs", import.meta.url));
    const once = (/** @type {string} */ side) =>
      Number(execFileSync(process.execPath, [script, side, model]));
    /** @type {[number[], number[]]} */
    const times = [[], []];
    for (let i = 0; i < rounds; i++) {
      times[0].push(once("ours"));
      times[1].push(once("theirs"));
    }
    return { ours: median(times[0]), theirs: median(times[1]) };
  },
  suppressions: (model, files) =>
    compareSuppressions(
      audio,
      onnxruntime(),
      model,
      files.map((file) => new Uint8Array(readFileSync(file))),
      noisy,
    ),
  close: async () => undefined,
});
