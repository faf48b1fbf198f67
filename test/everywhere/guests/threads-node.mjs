// Node, Deno and Bun: prints the report of threads as JSON.
import * as gatewise from "gatewise";
import { init } from "gatewise/threads";
import { threadsReport } from "./threads.mjs";

console.log(JSON.stringify(await threadsReport(gatewise, init)));
