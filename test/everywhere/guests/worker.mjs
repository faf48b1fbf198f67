// @ts-nocheck: runs in a browser, which resolves its imports by address
// A module worker, with no build.
import { report } from "./report.mjs";

const load = async () => {
  const gatewise = await import("/node_modules/gatewise/dist/index.js");
  const { parse } = await import("/node_modules/gatewise/dist/safetensors.js");
  const train = await import("/node_modules/gatewise/dist/training/index.js");
  return { gatewise, parse, train };
};
report(load, () => performance.now()).then(
  (answer) => postMessage(answer),
  (error) => postMessage({ error: String(error?.stack ?? error) }),
);
