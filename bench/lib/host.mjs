/** What a figure means nothing without: the machine, the versions, the day. */

import { readFileSync } from "node:fs";
import { arch, cpus, loadavg, platform, totalmem } from "node:os";
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

/** As host, with how busy the machine is before anything is measured: above 2 medians are those of a queue. */
export const busyHost = () => ({
  ...host(),
  load: Number(loadavg()[0]).toFixed(1),
});

/** How the tables of docs/ tell it. @param {Record<string, string>} host as busyHost gives it */
export const measuredOn = ({ date, machine, load }) =>
  `Measured ${date} on ${machine}, load average ${load} before`;
