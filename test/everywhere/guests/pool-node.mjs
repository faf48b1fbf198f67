// Node, Deno and Bun: prints the report of the worker pool as JSON.
import * as gatewise from "gatewise";
import { parse } from "gatewise/safetensors";
import * as train from "gatewise/train";
import { createPool } from "gatewise/worker";
import { poolReport } from "./pool.mjs";

const report = await poolReport(gatewise, parse, train, (workers, backend) =>
  createPool({ workers, ...(backend && { backend }) }),
);
console.log(JSON.stringify(report));
