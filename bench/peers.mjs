/**
 * npm run bench:peers: gatewise beside onnxruntime-web, onnxruntime-node, TensorFlow.js and plain JavaScript, on
 * the installed Node and on Node 24: float32 on one thread each, int8 and two threads where they have those. Prints the
 * table with the ratios to reach, writes bench/results/<Node's version>.json, docs/speed.svg and the tables of
 * docs/speed.md.
 *
 *      npm run bench:peers -- --occasions=3        repeats all of it; a ratio is then the worst of the three
 *      npm run bench:peers -- --filter="LSTM 1 ×"  those layers alone; writes nothing
 *      npm run bench:peers -- --draw               picture and tables anew, from bench/results
 *      npm run bench:peers -- --share=80           ms of each contender and layer, 250 unless said
 */

import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { speedChart } from "./lib/chart.mjs";
import { placed, speedTables } from "./lib/speed-tables.mjs";
import { digits, table, time } from "./lib/text.mjs";
import { bestOf, REVECTORIZE, WIDE } from "./lib/variants.mjs";

/**
 * @typedef {import("./lib/cases.mjs").Case} Case
 * @typedef {Record<string, import("./lib/turns.mjs").Timing>} Timings
 * @typedef {Case & { layer: string, differences: Record<string, number>, timings: Timings }} Compared
 * @typedef {{ host: Record<string, string>, backends: ("relaxed" | "simd")[], peers: Record<string, string>, cases: Compared[] }} Report
 *   what lib/compare.mjs writes
 *
 * @typedef {Case & { layer: string, ratios: Record<string, number>, targets: Record<string, number>, missed: string[], best: Record<string, Best>, differences: Record<string, number>, occasions: Timings[] }} Result
 *   ratios: a peer's time over ours, both float32 on one thread, the worst of the occasions
 *   best: each engine in the quickest of its ways
 *
 * @typedef {import("./lib/variants.mjs").Variant & { name: string, ratio: number }} Best
 *   ratio: its time over that of our quickest way, the worst of the occasions
 */

const PEERS = ["onnxruntime-web", "onnxruntime-node", "tfjs-wasm", "plain JS"];
const folder = fileURLToPath(new URL("peers/", import.meta.url));
const { values: options } = parseArgs({
  options: {
    filter: { type: "string" },
    occasions: { type: "string", default: "1" },
    draw: { type: "boolean", default: false },
    share: { type: "string", default: "250" },
  },
});
const occasions = Number(options.occasions);
if (!Number.isInteger(occasions) || occasions < 1) {
  fail(`--occasions: expected a positive integer, got ${options.occasions}`);
}

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  console.error(message);
  process.exit(1);
}

/** Node 24 comes as an npm package; its install script, alone of all, must run. */
function install() {
  const node = join(folder, "node_modules/node/bin/node");
  if (!existsSync(node)) {
    console.log("Installing the peers into bench/peers/node_modules …");
    for (const command of ["ci --ignore-scripts", "rebuild node"]) {
      const { status } = spawnSync("npm", command.split(" "), {
        cwd: folder,
        stdio: "inherit",
        shell: process.platform === "win32",
      });
      if (status === 0) continue;
      rmSync(join(folder, "node_modules"), { recursive: true, force: true });
      fail(
        `bench/peers: \`npm ${command}\` failed, so there is nothing to compare with; its messages are above`,
      );
    }
  }
  const { status, stdout } = spawnSync(node, ["--version"]);
  if (status !== 0) {
    fail(
      `bench/peers: expected Node 24 at ${node}, which npm's package "node" brings for common machines; remove bench/peers/node_modules to try again`,
    );
  }
  const sameNode = `${stdout}`.trim() === process.version;
  return sameNode ? [node] : [process.execPath, node];
}

/**
 * @param {string} node
 * @param {readonly string[]} [flags] of Node
 * @param {readonly string[]} [more] of the script
 * @returns {Report}
 */
function compare(node, flags = [], more = []) {
  const script = fileURLToPath(new URL("lib/compare.mjs", import.meta.url));
  const json = join(tmpdir(), `gatewise-peers-${process.pid}.json`);
  const filter = options.filter ? [`--filter=${options.filter}`] : [];
  const { status, signal } = spawnSync(
    node,
    [
      ...flags,
      script,
      `--json=${json}`,
      `--share=${options.share}`,
      ...filter,
      ...more,
    ],
    { stdio: "inherit" },
  );
  if (status !== 0)
    fail(`bench:peers: the comparison failed (${signal ?? status})`);
  const report = JSON.parse(readFileSync(json, "utf8"));
  rmSync(json);
  return report;
}

/**
 * The same, and gatewise alone: on threads, which those of onnxruntime would make late, looking for work for a while after
 * each of its runs; and where V8 makes one vector of 256 bits of two, if this Node's can.
 *
 * @param {string} node
 * @returns {Report}
 */
function compareAll(node) {
  const report = compare(node);
  /** @param {Report} alone @param {(name: string) => string | null} nameOf */
  const add = (alone, nameOf) =>
    report.cases.forEach(({ timings }, index) => {
      const own = /** @type {Compared} */ (alone.cases[index]).timings;
      for (const [name, timing] of Object.entries(own)) {
        const added = nameOf(name);
        if (added) timings[added] = timing;
      }
    });
  const onThreads = (/** @type {string} */ name) => name.endsWith("threads");
  add(compare(node, [], ["--ours"]), (name) => (onThreads(name) ? name : null));
  if (spawnSync(node, [REVECTORIZE, "--version"]).status === 0)
    add(compare(node, [REVECTORIZE], ["--ours"]), (name) =>
      onThreads(name) ? null : `${name}, ${WIDE}`,
    );
  return report;
}

/**
 * What each peer's time over ours should be at least. onnxruntime-node, native code, is an aim without a target.
 *
 * @param {Case} layer
 * @param {"relaxed" | "simd"} backend
 */
function targets({ batch, hiddenSize, target }, backend) {
  /** @type {Record<string, number>} */
  const least = {
    "onnxruntime-web": target[backend],
    "tfjs-wasm": batch === 1 && hiddenSize <= 128 ? 10 : 4,
  };
  if (backend === "simd" && hiddenSize >= 128) least["plain JS"] = 15;
  return least;
}

/**
 * @param {readonly Report[]} reports of one Node
 * @returns {Result[]}
 */
function results(reports) {
  const [first] = reports;
  if (!first) return [];
  const [backend] = first.backends;
  if (!backend) fail("bench:peers: this Node has no WebAssembly SIMD");
  return first.cases.map((compared, index) => {
    const { layer, differences, kind, batch, steps } = compared;
    const { inputSize, hiddenSize, target } = compared;
    const all = reports.map(
      (report) => /** @type {Compared} */ (report.cases[index]).timings,
    );
    const least = targets(compared, backend);
    /** @type {Record<string, number>} */
    const ratios = {};
    for (const peer of PEERS) {
      // The GRU of TensorFlow.js resets before the product; so does the one of ours beside it.
      const ours =
        peer === "tfjs-wasm" && kind === "GRU" ? "reset before" : "gatewise";
      ratios[peer] = Math.min(
        ...all.map(
          (timings) =>
            (timings[peer]?.best ?? NaN) / (timings[ours]?.best ?? NaN),
        ),
      );
    }
    const missed = PEERS.filter(
      (peer) => Number(ratios[peer]) < (least[peer] ?? 0),
    );
    return {
      layer,
      kind,
      batch,
      steps,
      inputSize,
      hiddenSize,
      target,
      ratios,
      targets: least,
      missed,
      best: bests(all),
      differences,
      occasions: all,
    };
  });
}

/**
 * @param {readonly Timings[]} occasions
 * @returns {Record<string, Best>}
 */
function bests(occasions) {
  const ours = bestOf("gatewise", occasions);
  const measured = PEERS.filter((peer) =>
    occasions.every((one) => one[peer]?.best),
  );
  return Object.fromEntries(
    ["gatewise", ...measured].map((engine) => {
      const own = bestOf(engine, occasions);
      const ratios = occasions.map(
        (one) => (one[own.name]?.best ?? NaN) / (one[ours.name]?.best ?? NaN),
      );
      return [engine, { ...own, ratio: Math.min(...ratios) }];
    }),
  );
}

/**
 * @param {Report} report
 * @param {readonly Result[]} results
 */
function print({ host, backends, peers }, results) {
  const [backend = "simd"] = backends;
  console.log(
    `\n${host.date} · ${host.machine} · Node ${host.node} (V8 ${host.v8}) · gatewise ${host.gatewise}, ${backend} · ${Object.entries(
      peers,
    )
      .map(([name, version]) => `${name} ${version}`)
      .join(" · ")}`,
  );
  console.log(
    `One thread. Best times, and how many times ours a peer takes${occasions > 1 ? ` (the worst of ${occasions} occasions)` : ""}, beside the least it should be; * marks what falls short.\n`,
  );
  const row = table(
    [
      "layer: B × T, I → H",
      `gatewise`,
      ...PEERS.flatMap((peer) => [peer, "ratio"]),
    ],
    [26, 9, 15, 13, 16, 6, 9, 12, 9, 12],
  );
  for (const result of results) {
    const best = (/** @type {string} */ name) =>
      Math.min(...result.occasions.map((one) => one[name]?.best ?? NaN));
    row([
      result.layer,
      time(best("gatewise")),
      ...PEERS.flatMap((peer) => {
        const ratio = digits(Number(result.ratios[peer]));
        const least = result.targets[peer];
        const mark = result.missed.includes(peer) ? "*" : " ";
        return [time(best(peer)), least ? `${ratio} / ${least}${mark}` : ratio];
      }),
    ]);
  }
  const missed = results.filter((result) => result.missed.length);
  console.log(
    missed.length
      ? `\n${missed.length} of ${results.length} layers fall short of a target.`
      : "\nEvery target is met.",
  );
}

/** Picture and tables from bench/results: the newest Node's are the picture's. */
function draw() {
  const folder = new URL("results/", import.meta.url);
  const files = readdirSync(folder).filter((file) => /^v\d/.test(file));
  const all = files
    .map((file) => JSON.parse(readFileSync(new URL(file, folder), "utf8")))
    .sort((one, other) => parseInt(one.host.v8) - parseInt(other.host.v8));
  const newest = all.at(-1);
  writeFileSync(
    new URL("../docs/speed.svg", import.meta.url),
    speedChart({ ...newest, backend: newest.backends[0] }),
  );
  const page = new URL("../docs/speed.md", import.meta.url);
  const text = readFileSync(page, "utf8");
  writeFileSync(page, placed(text, speedTables(all)));
  console.log("\nWritten: docs/speed.svg, the tables of docs/speed.md");
}

function measure() {
  const nodes = install();
  /** @type {Report[][]} */
  const reports = nodes.map(() => []);
  for (let occasion = 0; occasion < occasions; occasion++)
    nodes.forEach((node, index) => reports[index]?.push(compareAll(node)));
  for (const ofNode of reports) {
    const [report] = ofNode;
    if (!report) continue;
    const cases = results(ofNode);
    const { host, backends, peers } = report;
    print(report, cases);
    console.log(`\n${speedTables([{ host, backends, peers, cases }])}`);
    if (options.filter) continue;
    const file = new URL(`results/${host.node}.json`, import.meta.url);
    mkdirSync(new URL(".", file), { recursive: true });
    writeFileSync(
      file,
      `${JSON.stringify({ host, backends, peers, occasions, cases }, null, 1)}\n`,
    );
  }
}

if (!options.draw) measure();
if (!options.filter) draw();
