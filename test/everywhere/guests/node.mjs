// Node, Deno and Bun: prints the report as JSON.
import { report } from "./report.mjs";

const load = async () => {
  const gatewise = await import("gatewise");
  const { parse } = await import("gatewise/safetensors");
  const train = await import("gatewise/train");
  return { gatewise, parse, train };
};
console.log(JSON.stringify(await report(load, () => performance.now())));
