/**
 * npm run bench:accuracy: what int8 and int8-fast cost beside float32, on tasks and on the whole models of ../shared, and how
 * large the saved files are and how long a pass takes.
 *
 *     npm run bench:accuracy -- --node=PATH   times passes in this Node too; may be given more than once
 *     npm run bench:accuracy -- --write       writes bench/results/accuracy.json, and its tables into docs/precision.md
 *
 * Needs espeak-ng, and `npm ci` in bench/peers. What is not there is left out by name.
 */

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { init } from "gatewise";
import { chainTasks } from "./accuracy/chains.mjs";
import { hearing } from "./accuracy/hearing.mjs";
import { wholeModels } from "./accuracy/models.mjs";
import { reading } from "./accuracy/reading.mjs";
import { tables } from "./accuracy/tables.mjs";
import { busyHost } from "./lib/host.mjs";
import { publish } from "./lib/results.mjs";

const { values: options } = parseArgs({
  options: {
    node: { type: "string", multiple: true, default: [] },
    write: { type: "boolean", default: false },
  },
});

const ROUNDS = 3; // processes of each Node

const host = busyHost();
// float32 has the bits of relaxed where it is there; simd is everywhere
await init({ backend: "simd" });
const tasks = [...chainTasks(), ...hearing(), ...reading()];
const whole = wholeModels();
if (!whole.models.length) console.log("../shared: not there, left out");

const script = fileURLToPath(new URL("accuracy/speed.mjs", import.meta.url));
const speed = [process.execPath, ...options.node].map((node) => {
  const files = whole.models.map(({ file }) => file);
  const rounds = Array.from({ length: ROUNDS }, () => {
    console.error(`${node} …`);
    return JSON.parse(`${execFileSync(node, [script, ...files])}`);
  });
  return {
    node: rounds[0].node,
    times: best(rounds.map(({ times }) => times)),
  };
});

/** @typedef {import("./accuracy/tables.mjs").Results["speed"][number]["times"]} Times */

/** The shortest times of several processes: in one, an engine may compile worse. @param {Times[]} list @returns {Times} */
function best([first = {}, ...others]) {
  const shortest = (/** @type {string} */ name, /** @type {string} */ key) =>
    Math.min(...[first, ...others].map((times) => Number(times[name]?.[key])));
  return Object.fromEntries(
    Object.entries(first).map(([name, own]) => [
      name,
      Object.fromEntries(
        Object.keys(own).map((key) => [key, shortest(name, key)]),
      ),
    ]),
  );
}

const results = { host, tasks, ...whole, speed };
await publish(results, {
  tables: tables(results),
  name: "accuracy",
  page: "precision.md",
  write: options.write,
});
