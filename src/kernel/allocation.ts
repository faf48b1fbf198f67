/*
 * Decides which memory a network is in. A host reserves 8 GB or more of addresses for each WebAssembly memory, so a page
 * can have about a hundred, but a graph may have hundreds of layers: small networks share a memory.
 */
import {
  type Backend,
  createMachine,
  currentBackend,
  type Machine,
} from "./load.js";

/** A shared machine always accepts networks up to this size. */
const SHARED_BYTES = 2 ** 20;

/** It accepts at most this share of all memory, which limits how much one long-lived network keeps from being freed. */
const SHARE = 1 / 16;

/** A machine, and the number of networks in its memory. */
interface SharedMachine {
  readonly machine: Machine;
  networks: number;
}

/** The machines in use, by backend and kind. */
const pools = new Map<string, Set<SharedMachine>>();

/** Frees the blocks of networks that are garbage. Without FinalizationRegistry, each network has its own machine. */
const garbage =
  typeof FinalizationRegistry === "function"
    ? new FinalizationRegistry<Allocation>((allocation) => allocation.free())
    : null;

/** A network's blocks in a machine's memory. */
export class Allocation {
  readonly machine: Machine;
  readonly #shared: SharedMachine;
  readonly #pool: Set<SharedMachine> | null;
  readonly #blocks: { readonly address: number; readonly bytes: number }[] = [];
  #freed = false;

  private constructor(shared: SharedMachine, pool: Set<SharedMachine> | null) {
    this.machine = shared.machine;
    this.#shared = shared;
    this.#pool = pool;
    shared.networks++;
  }

  /**
   * Finds a machine for a network of `bytes` bytes.
   *
   * @param owner when it is garbage, all is freed; the allocation must not refer to it
   * @param integers whether it has integer weights: see createMachine
   * @throws RangeError if this host cannot run the backend
   */
  static begin(
    owner: object,
    wanted: Backend | "auto",
    integers: boolean,
    bytes: number,
  ): Allocation {
    const backend = wanted === "auto" ? currentBackend() : wanted;
    const create = () => createMachine(backend, integers);
    if (!garbage || backend === "js")
      return new Allocation({ machine: create(), networks: 0 }, null);
    const kind = integers ? `${backend}, integers` : backend;
    let pool = pools.get(kind);
    if (!pool) pools.set(kind, (pool = new Set()));
    const allocation = new Allocation(withRoom(pool, create, bytes), pool);
    garbage.register(owner, allocation, allocation);
    return allocation;
  }

  /** The address of a block of zeros. */
  take(bytes: number): number {
    const address = this.machine.memory.take(bytes);
    this.#blocks.push({ address, bytes });
    return address;
  }

  /** Frees all blocks; a machine without networks is dropped. */
  free(): void {
    if (this.#freed) return;
    this.#freed = true;
    garbage?.unregister(this);
    for (const { address, bytes } of this.#blocks)
      this.machine.memory.give(address, bytes);
    this.#shared.networks--;
    if (!this.#shared.networks) this.#pool?.delete(this.#shared);
  }
}

/** New networks go to new machines; existing ones stay where they are. */
export function retireMachines(): void {
  pools.clear();
}

/** A machine that is not full, or a new one. */
function withRoom(
  pool: Set<SharedMachine>,
  create: () => Machine,
  bytes: number,
): SharedMachine {
  let all = 0;
  for (const { machine } of pool) all += machine.memory.end;
  const most = Math.max(SHARED_BYTES, all * SHARE);
  for (const shared of pool) {
    const { memory } = shared.machine;
    if (memory.end + bytes <= most || memory.hasHole(bytes)) return shared;
  }
  const shared = { machine: create(), networks: 0 };
  pool.add(shared);
  return shared;
}
