import { instantiateSync } from "@assemblyscript/loader";
import { boolean, describe, message, oneOf, record } from "../checks.js";
import { decodeText } from "./text.js";
import { dotProduct } from "./dot.js";
import { relaxed } from "./binaries/relaxed.js";
import { simd } from "./binaries/simd.js";
import type { KernelFunction, Pass } from "./contract.js";
import { JsMemory, type Memory, WasmMemory } from "./memory.js";

/**
 * The kernels. relaxed: WebAssembly relaxed SIMD, multiply-add fused where the machine can. simd:
 * WebAssembly SIMD, the same bits on every machine. js: plain JavaScript, the bits of simd.
 */
export type Backend = "relaxed" | "simd" | "js";

export const BACKENDS: readonly Backend[] = ["relaxed", "simd", "js"];

/** Options of `init`. */
export interface InitOptions {
  /** 'auto', the default: the fastest that this host validates. */
  backend?: Backend | "auto";
  /** With 'auto': never relaxed, so that every machine computes the same bits; a `module` must then be simd. */
  deterministic?: boolean;
  /** One of our binaries (gatewise/simd.wasm, gatewise/relaxed.wasm), for hosts that forbid compiling bytes. */
  module?: WebAssembly.Module | BufferSource;
}

/** Compiled once per process; null if the host refuses the binary. */
const compiled = new Map<Backend, WebAssembly.Module | null>();
let chosen: Backend | undefined;

/** The smallest valid module. */
const EMPTY = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/**
 * False without WebAssembly, in edge workers, and in pages whose CSP lacks 'wasm-unsafe-eval': there WebKit
 * compiles, and refuses to instantiate.
 */
function mayCompile(): boolean {
  try {
    return !!new WebAssembly.Instance(new WebAssembly.Module(EMPTY));
  } catch {
    return false;
  }
}

const binaryOf = (backend: "relaxed" | "simd") =>
  decodeText(backend === "simd" ? simd : relaxed);

/** The compiled binary, or null if the engine lacks its instructions or the page's CSP forbids compiling. */
function moduleFor(backend: "relaxed" | "simd"): WebAssembly.Module | null {
  let module = compiled.get(backend);
  if (module === undefined) {
    module = null;
    if (mayCompile()) {
      const bytes = binaryOf(backend);
      try {
        if (WebAssembly.validate(bytes)) module = new WebAssembly.Module(bytes);
      } catch {
        // A browser before 2023 compiles no more than 4 kB synchronously: there init helps.
      }
    }
    compiled.set(backend, module);
  }
  return module;
}

export { provideArrays } from "./arrays/provided.js";
export { provideDot } from "./dot.js";

/** Sets a binary that the host has compiled, or null if it would refuse it, for the entries of edge workers. */
export function provide(
  backend: "relaxed" | "simd",
  module: WebAssembly.Module | null,
): void {
  compiled.set(backend, module);
}

function available(backend: Backend): boolean {
  return backend === "js" || moduleFor(backend) !== null;
}

function fastest(deterministic: boolean): Backend {
  if (!deterministic && available("relaxed")) return "relaxed";
  return available("simd") ? "simd" : "js";
}

/** The current meaning of 'auto': the backend that `init` chose, otherwise the fastest on this host. */
export function currentBackend(): Backend {
  chosen ??= fastest(false);
  return chosen;
}

/** The kernel and an empty memory for one model. */
export interface Machine {
  readonly backend: Backend;
  readonly memory: Memory;
  /** Whether products of 7-bit integers go by the host's dot product of bytes. */
  readonly dots: boolean;
  /** The number of threads that may share a call. */
  readonly threads: number;
  functionOf(of: KernelFunction): Pass;
}

type Maker = (backend: "relaxed" | "simd", integers: boolean) => Machine | null;
let elsewhere: Maker | null = null;

/** From now on machines come from `make` where it has one; null: from here, as before. */
export function takeMachinesFrom(make: Maker | null): void {
  elsewhere = make;
}

/**
 * @param integers for models with integer weights, which have the same bits everywhere: simd instead of relaxed, with
 *   relaxed SIMD's dot product of bytes
 * @throws RangeError if this host cannot run the backend
 */
export function createMachine(
  wanted: Backend | "auto",
  integers = false,
): Machine {
  const asked = wanted === "auto" ? currentBackend() : wanted;
  if (asked !== "js" && !moduleFor(asked)) throw unavailable(asked);
  let backend = asked;
  if (integers && asked === "relaxed")
    backend = available("simd") ? "simd" : "js";
  if (backend === "js") {
    const memory = new JsMemory();
    const passes = new Map<KernelFunction, Pass>();
    const functionOf = (of: KernelFunction) => {
      const pass = passes.get(of) ?? of.js(memory);
      passes.set(of, pass);
      return pass;
    };
    return { backend, memory, dots: false, threads: 1, functionOf };
  }
  const other = elsewhere?.(asked as "relaxed" | "simd", integers);
  if (other) return other;
  const module = moduleFor(backend);
  if (!module) throw unavailable(backend);
  const memory = new WasmMemory();
  // The instance's own exports: the loader's wrap every call in a variadic function.
  const { exports } = instantiate(module, memory);
  const dot = backend === asked ? null : dotProduct(memory.wasm);
  if (dot) (exports["table"] as WebAssembly.Table).grow(1, dot);
  const functionOf = ({ name }: KernelFunction) => {
    const pass = exports[name];
    if (typeof pass === "function") return pass as Pass;
    throw new TypeError(
      `module: expected the binary of this version, got one without ${name}`,
    );
  };
  return { backend, memory, dots: dot !== null, threads: 1, functionOf };
}

function instantiate(
  module: WebAssembly.Module,
  memory: WasmMemory,
): WebAssembly.Instance {
  const imports = { env: { memory: memory.wasm } };
  // The loader takes a module of another realm, as Next's Edge Runtime has them, for bytes.
  return module instanceof WebAssembly.Module
    ? instantiateSync(module, imports).instance
    : new WebAssembly.Instance(module, imports);
}

function unavailable(backend: Backend): RangeError {
  const hint =
    backend === "relaxed"
      ? "; Node 20 asks for --experimental-wasm-relaxed-simd"
      : "";
  return new RangeError(
    `backend: expected one that this host can run, got "${backend}"${hint}`,
  );
}

/**
 * Compiles the kernel ahead of time, asynchronously, and decides what 'auto' means from now on. Optional: otherwise the
 * first use does this synchronously. Models that have already run keep their kernel.
 *
 * @throws RangeError if this host cannot run the backend; TypeError if `module` is not one of gatewise's binaries
 */
export async function init(options: InitOptions = {}): Promise<Backend> {
  const given = record(options, "options", {
    backend: 0,
    deterministic: 0,
    module: 0,
  } satisfies Record<keyof InitOptions, 0>);
  const backend = oneOf(given["backend"] ?? "auto", "backend", [
    "auto",
    ...BACKENDS,
  ]);
  const deterministic = boolean(
    given["deterministic"] ?? false,
    "deterministic",
  );
  const { module } = options;
  if (module !== undefined) {
    const wanted = backend === "auto" && deterministic ? "simd" : backend;
    return useModule(await toModule(module), wanted);
  }
  for (const name of ["relaxed", "simd"] as const) {
    const wanted =
      backend === name ||
      (backend === "auto" && !(name === "relaxed" && deterministic));
    if (wanted && !compiled.get(name) && mayCompile()) {
      try {
        compiled.set(name, await WebAssembly.compile(binaryOf(name)));
      } catch {
        // As in moduleFor.
      }
    }
    if (compiled.get(name)) break;
  }
  if (backend !== "auto" && !available(backend)) throw unavailable(backend);
  chosen = backend === "auto" ? fastest(deterministic) : backend;
  return chosen;
}

async function toModule(
  source: WebAssembly.Module | BufferSource,
): Promise<WebAssembly.Module> {
  if (Object.prototype.toString.call(source) === "[object WebAssembly.Module]")
    return source as WebAssembly.Module;
  const isView = ArrayBuffer.isView(source);
  if (
    !isView &&
    Object.prototype.toString.call(source) !== "[object ArrayBuffer]"
  ) {
    throw new TypeError(
      message("module", "a WebAssembly.Module or its bytes", describe(source)),
    );
  }
  const bytes = isView
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source as ArrayBuffer);
  if (bytes[0] !== 0 || bytes[1] !== 0x61) {
    const isPage = bytes[0] === 0x3c;
    const got = isPage
      ? "an HTML page: the server answered with a page instead of the .wasm file"
      : "other bytes";
    throw new TypeError(
      `module: expected WebAssembly (00 61 73 6d), got ${got}`,
    );
  }
  return WebAssembly.compile(source as BufferSource);
}

function useModule(
  module: WebAssembly.Module,
  wanted: Backend | "auto",
): Backend {
  const exported = WebAssembly.Module.exports(module).map(({ name }) => name);
  if (
    !["linear", "recurrent", "relaxed"].every((name) => exported.includes(name))
  ) {
    throw new TypeError(
      `module: expected gatewise/simd.wasm or gatewise/relaxed.wasm, got exports ${exported.join(", ")}`,
    );
  }
  const { exports } = instantiate(module, new WasmMemory());
  const backend = (exports.relaxed as WebAssembly.Global).value
    ? "relaxed"
    : "simd";
  if (wanted !== "auto" && wanted !== backend) {
    throw new RangeError(
      `module: expected the ${wanted} binary, got the ${backend} one`,
    );
  }
  compiled.set(backend, module);
  chosen = backend;
  return backend;
}
