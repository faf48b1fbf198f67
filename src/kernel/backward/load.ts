import { instantiateSync } from "@assemblyscript/loader";
import { trainRelaxed, trainSimd } from "../binaries/train.js";
import { type Backend, currentBackend } from "../load.js";
import { JsMemory, type Memory, WasmMemory } from "../memory.js";
import { decodeText } from "../text.js";
import type { TrainKernel } from "./contract.js";
import { createJsTrainKernel } from "./js/index.js";

/** A training kernel and an empty memory for one trainer. */
export interface TrainMachine {
  readonly backend: Backend;
  readonly kernel: TrainKernel;
  readonly memory: Memory;
}

const compiled = new Map<Backend, WebAssembly.Module | null>();

/**
 * @param deterministic with 'auto': never relaxed
 * @throws RangeError when this host cannot run the backend asked for
 */
export function createTrainMachine(
  wanted: Backend | "auto",
  deterministic: boolean,
): TrainMachine {
  let backend = wanted === "auto" ? currentBackend() : wanted;
  if (wanted === "auto" && deterministic && backend === "relaxed")
    backend = "simd";
  const module = backend === "js" ? null : moduleOf(backend);
  if (!module && wanted !== "auto" && wanted !== "js") {
    throw new RangeError(
      `backend: expected one that this host can run, got "${backend}"`,
    );
  }
  if (!module) {
    const memory = new JsMemory();
    const kernel = createJsTrainKernel(memory);
    return { backend: "js", memory, kernel };
  }
  const memory = new WasmMemory();
  const { instance } = instantiateSync(module, {
    env: { memory: memory.wasm },
  });
  const kernel = instance.exports as unknown as TrainKernel;
  return { backend, memory, kernel };
}

/** null where the host cannot compile it, as edge workers, which train in plain JavaScript. */
function moduleOf(backend: "simd" | "relaxed"): WebAssembly.Module | null {
  let module = compiled.get(backend);
  if (module === undefined) {
    const bytes = decodeText(backend === "simd" ? trainSimd : trainRelaxed);
    try {
      module = new WebAssembly.Module(bytes);
    } catch {
      module = null;
    }
    compiled.set(backend, module);
  }
  return module;
}
