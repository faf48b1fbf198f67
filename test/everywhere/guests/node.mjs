// Node, Deno and Bun: prints the report as JSON.
import { report } from "./report.mjs";

const load = async () => {
  const gatewise = await import("gatewise");
  const { parse } = await import("gatewise/safetensors");
  return { gatewise, parse };
};
console.log(JSON.stringify(await report(load, () => performance.now())));
