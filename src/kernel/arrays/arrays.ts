/*
 * What graphs compute of arrays that lie outside of the kernel, on a binary of its own (assembly/arrays): those who have
 * layers alone never bring them.
 */
import { instantiateSync } from "@assemblyscript/loader";
import { arrays } from "../binaries/arrays.js";
import type { KernelFunction, Pass } from "../contract.js";
import { type Backend, currentBackend } from "../load.js";
import { JsMemory, type Memory, WasmMemory } from "../memory.js";
import { decodeText } from "../text.js";
import { provided } from "./provided.js";

/** A memory that all of one backend share, whose scratch is behind all blocks, and what runs in it. */
interface Shared {
  readonly memory: Memory;
  functionOf(of: KernelFunction): Pass;
  users: number;
}

const shared = new Map<Backend, Shared>();

/** Of simd, whatever is asked for: fused, sums over windows take 8 % less time, which a second binary is not worth. */
let compiled: WebAssembly.Module | null | undefined;

/** Gives back what garbage held. */
const garbage =
  typeof FinalizationRegistry === "function"
    ? new FinalizationRegistry<() => void>((free) => free())
    : null;

/** Blocks for records and weights, of one graph. */
export class Arrays {
  /** Whether it is plain JavaScript that computes: on js, and where the binary cannot be compiled. */
  readonly plain: boolean;
  readonly memory: Memory;
  readonly functionOf: (of: KernelFunction) => Pass;
  readonly #blocks = new Map<number, number>();
  readonly #free: () => void;

  constructor(wanted: Backend | "auto") {
    const backend = wanted === "auto" ? currentBackend() : wanted;
    let own = shared.get(backend);
    if (!own) shared.set(backend, (own = create(backend)));
    own.users++;
    this.plain = own.memory instanceof JsMemory;
    this.memory = own.memory;
    this.functionOf = own.functionOf;
    this.#free = freeing(backend, own, this.#blocks);
    garbage?.register(this, this.#free, this);
  }

  /** The address of a block of zeros that is its own until it is disposed of. */
  take(bytes: number): number {
    const address = this.memory.take(bytes);
    this.#blocks.set(address, bytes);
    return address;
  }

  /** Gives one of them back. */
  give(address: number): void {
    const bytes = this.#blocks.get(address);
    if (bytes === undefined) return;
    this.#blocks.delete(address);
    this.memory.give(address, bytes);
  }

  /** Gives its blocks back; what was made of it must not run from then on. */
  dispose(): void {
    garbage?.unregister(this);
    this.#free();
  }
}

/** Of the blocks, addresses and bytes, alone: what is registered must not hold what it waits for. */
function freeing(
  backend: Backend,
  own: Shared,
  blocks: Map<number, number>,
): () => void {
  let freed = false;
  return () => {
    if (freed) return;
    freed = true;
    for (const [address, bytes] of blocks) own.memory.give(address, bytes);
    // nodes that let go of theirs after it must not give them back again
    blocks.clear();
    own.users--;
    if (!own.users && shared.get(backend) === own) shared.delete(backend);
  };
}

/** On hosts that cannot compile the binary, as edge workers, and on js: the same bits in plain JavaScript. */
function create(backend: Backend): Shared {
  const module = backend === "js" ? null : moduleOf();
  if (!module) {
    const memory = new JsMemory();
    return { memory, functionOf: (of) => of.js(memory), users: 0 };
  }
  const memory = new WasmMemory();
  const { instance } = instantiateSync(module, {
    env: { memory: memory.wasm },
  });
  const functionOf = ({ name }: KernelFunction) =>
    instance.exports[name] as Pass;
  return { memory, functionOf, users: 0 };
}

function moduleOf(): WebAssembly.Module | null {
  if (provided) return provided;
  if (compiled === undefined) {
    try {
      compiled = new WebAssembly.Module(decodeText(arrays));
    } catch {
      compiled = null;
    }
  }
  return compiled;
}
