// @ts-nocheck: runs in a browser, which resolves its imports by address
// A worker that has threads of its own, for which it may sleep.
import * as gatewise from "/node_modules/gatewise/dist/index.js";
import { init } from "/node_modules/gatewise/dist/threads/index.js";
import { threadsReport } from "./threads.mjs";

const script = "/node_modules/gatewise/dist/threads-script.js";
const create = () => new Worker(script, { type: "module" });
threadsReport(gatewise, (options) => init({ create, ...options })).then(
  (report) => postMessage(report),
  (error) => postMessage({ error: String(error) }),
);
