/** What a figure means nothing without: the machine, the versions, the day. */

import { readFileSync } from "node:fs";
import { arch, cpus, platform, totalmem } from "node:os";
import { LSTM } from "gatewise";

/** @typedef {import("gatewise").Backend} Backend */

/** @param {string | URL} folder */
export const versionIn = (folder) =>
  /** @type {{ version: string }} */ (
    JSON.parse(readFileSync(new URL("package.json", folder), "utf8"))
  ).version;

export function host() {
  const [first, ...others] = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${first?.model.trim() ?? "unknown"}, ${others.length + 1} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${platform()} ${arch()}`,
    node: process.version,
    v8: process.versions.v8,
    gatewise: versionIn(new URL("../../", import.meta.url)),
  };
}

export function hostLine() {
  const { date, machine, node, v8, gatewise } = host();
  return `${date} · ${machine} · Node ${node} (V8 ${v8}) · gatewise ${gatewise}`;
}

/** The backends that this host runs, fastest first. */
export function availableBackends() {
  return /** @type {Backend[]} */ (["relaxed", "simd", "js"]).filter(
    (backend) => {
      try {
        new LSTM({ inputSize: 1, hiddenSize: 1, backend }).forward([[0]]);
        return true;
      } catch (error) {
        if (error instanceof RangeError) return false;
        throw error;
      }
    },
  );
}
