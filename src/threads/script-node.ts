/// <reference types="node" />
/* A thread of node:worker_threads; in a web Worker of the same hosts, where there is no parent port, that. */
import { parentPort } from "node:worker_threads";
import { serveTeam } from "./serve.js";

serveTeam(parentPort ?? globalThis);
