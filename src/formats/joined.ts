/*
 * Joins the modules and functions that options.chain names into the layers of one model.
 */
import { message } from "../checks.js";
import { Activation, LastStep, type Layer } from "../index.js";
import type { NamedActivation } from "./activation-names.js";
import { affineOf, batchNormOf, withAffine } from "./batch-norm.js";
import type { Step } from "./chain-entries.js";
import { batchNormChoice, type Choice, type Found, toLayer } from "./layer.js";
import { type Module, recognise } from "./modules.js";

export interface Joined {
  readonly layers: readonly Layer[];
  /** Those of the layers that are modules, by name. */
  readonly found: ReadonlyMap<string, Found>;
  /** The names of modules that became a different layer, or part of one. */
  readonly folded: ReadonlySet<string>;
  /** Lines for the report about those. */
  readonly converted: readonly string[];
}

/** @throws RangeError that names the entry */
export function joinChain(steps: readonly Step[]): Joined {
  const joining = new Joining(steps);
  for (const [index, step] of steps.entries())
    if ("module" in step) joining.module(step, moduleAfter(steps, index));
    else if ("activation" in step) joining.activation(step.activation, step.at);
    else if ("repeat" in step) joining.repeat(step.repeat, step.at);
    else joining.last(step.at);
  return joining.finish();
}

type ModuleStep = Extract<Step, { readonly module: Module }>;

function moduleAfter(steps: readonly Step[], index: number) {
  const next = steps.slice(index + 1).find((step) => "module" in step);
  return (next as ModuleStep | undefined)?.module;
}

interface Piece {
  readonly layer: Layer;
  readonly outputSize: number;
  readonly found?: Found;
  /** Makes the layer anew with more options; absent for a module that the chain has twice. */
  readonly again?: (more: Choice) => Found;
}

class Joining {
  readonly #pieces: Piece[] = [];
  readonly #found = new Map<string, Found>();
  readonly #folded = new Set<string>();
  readonly #converted: string[] = [];
  /** Modules that the chain has twice, which nothing is folded into. */
  readonly #shared: ReadonlySet<Module>;
  /** A BatchNorm to be folded into the module after it. */
  #waiting: { readonly module: Module; readonly choice: Choice } | null = null;

  constructor(steps: readonly Step[]) {
    const modules = steps.flatMap((step) =>
      "module" in step ? [step.module] : [],
    );
    this.#shared = new Set(
      modules.filter((module, index) => modules.indexOf(module) < index),
    );
  }

  /** @param next the module after it, by whose size a single matrix is recognised */
  module(step: ModuleStep, next: Module | undefined): void {
    const { module: given, choice, at } = step;
    const what = recognise(given);
    if (what.type === "BatchNorm1d") {
      this.#settle();
      const own = batchNormChoice(given.name, choice);
      this.#waiting = { module: given, choice: own };
      this.#folded.add(given.name);
      return;
    }
    const shared = this.#shared.has(given);
    const module = this.#withBatchNorm(given, shared);
    const inside = this.#pieces.length > 0 && what.type === "matrix";
    const make = (more: Choice): Found => {
      const type = inside ? { type: "Linear" as const } : {};
      const all = { ...type, ...choice, ...more };
      const found = toLayer(module, next, undefined, all, true);
      if (typeof found !== "string") return found;
      throw new RangeError(message(at, "a layer", `${given.name}, ${found}`));
    };
    const found = (shared && this.#found.get(given.name)) || make({});
    this.#pushFound(found, shared ? undefined : make);
  }

  activation(activation: NamedActivation, at: string): void {
    this.#settle();
    if (activation === "linear") return;
    const before = this.#before(at);
    if (before.again && before.found?.takesActivation) {
      this.#pieces.pop();
      return this.#pushFound(before.again({ activation }));
    }
    const size = before.outputSize;
    const layer = new Activation({ size, activation });
    this.#pieces.push({ layer, outputSize: size });
  }

  last(at: string): void {
    this.#settle();
    const before = this.#before(at);
    if (before.found?.lastOnly) return;
    if (
      before.again &&
      before.found?.recurrent &&
      before.found.directions < 2
    ) {
      this.#pieces.pop();
      return this.#pushFound(before.again({ returnSequences: false }));
    }
    if (before.layer.lastOnly) return;
    this.#lastStep(before.outputSize, null);
  }

  repeat(times: number, at: string): void {
    this.#settle();
    this.#lastStep(this.#before(at).outputSize, times);
  }

  #lastStep(size: number, repeat: number | null): void {
    const layer = new LastStep({ size, repeat });
    this.#pieces.push({ layer, outputSize: size });
  }

  finish(): Joined {
    this.#settle();
    return {
      layers: this.#pieces.map(({ layer }) => layer),
      found: this.#found,
      folded: this.#folded,
      converted: this.#converted,
    };
  }

  #before(at: string): Piece {
    const before = this.#pieces.at(-1);
    if (before) return before;
    throw new RangeError(message(at, "a module before it", "none"));
  }

  #pushFound(found: Found, again?: Piece["again"]): void {
    const { layer, outputSize } = found;
    this.#found.set(found.name, found);
    this.#pieces.push({ layer, outputSize, found, ...(again && { again }) });
  }

  /** The module, with the BatchNorm in front of it folded in if possible. */
  #withBatchNorm(module: Module, shared: boolean): Module {
    const waiting = this.#waiting;
    if (!waiting) return module;
    const affine = affineOf(waiting.module, waiting.choice.epsilon);
    const folded = shared ? null : withAffine(module, affine);
    if (!folded) {
      this.#settle();
      return module;
    }
    this.#waiting = null;
    this.#converted.push(
      `${waiting.module.name}: BatchNorm1d, now part of the weights of ${module.name}`,
    );
    return folded;
  }

  /** A BatchNorm that could not be folded becomes a layer of its own. */
  #settle(): void {
    if (!this.#waiting) return;
    const { module, choice } = this.#waiting;
    this.#waiting = null;
    const layer = batchNormOf(module, choice.epsilon);
    this.#pieces.push({ layer, outputSize: layer.outputSize });
  }
}
