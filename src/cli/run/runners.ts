import type { Graph } from "../../formats/load/index.js";
import { Sequential } from "../../index.js";
import { ChainRunner } from "./chain-runner.js";
import { GraphRunner } from "./graph-runner.js";
import type { Runner } from "./runner.js";

export const runnerOf = (model: Sequential | Graph): Runner =>
  model instanceof Sequential ? new ChainRunner(model) : new GraphRunner(model);
