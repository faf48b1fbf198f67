// Node, Deno and Bun: prints the report of the worker pool as JSON.
import * as gatewise from "gatewise";
import { createPool } from "gatewise/worker";
import { poolReport } from "./pool.mjs";

const report = await poolReport(gatewise, (workers, backend) =>
  createPool({ workers, ...(backend && { backend }) }),
);
console.log(JSON.stringify(report));
