/*
 * Which memory a network lies in. A host reserves 8 GB or more of addresses for each WebAssembly memory, so a page has
 * room for about a hundred, and a graph may have hundreds of layers: small networks share one.
 */
import {
  type Backend,
  createMachine,
  currentBackend,
  type Machine,
} from "./load.js";

/** What a machine that is shared takes in at least, whatever else there is. */
const SHARED_BYTES = 2 ** 20;

/** One that is shared takes in no more than this part of all there is: so much a straggler keeps from being dropped. */
const SHARE = 1 / 16;

/** A machine, and how many networks lie in its memory. */
interface House {
  readonly machine: Machine;
  networks: number;
}

/** Houses in use, by what their machines are. */
const houses = new Map<string, Set<House>>();

/** A network that nobody holds any more moves out; where hosts cannot tell, each network has a house of its own. */
const leavers =
  typeof FinalizationRegistry === "function"
    ? new FinalizationRegistry<Tenancy>((tenancy) => tenancy.end())
    : null;

/** A network's blocks in a machine's memory. */
export class Tenancy {
  readonly machine: Machine;
  readonly #house: House;
  readonly #street: Set<House> | null;
  readonly #blocks: { readonly address: number; readonly bytes: number }[] = [];
  #ended = false;

  private constructor(house: House, street: Set<House> | null) {
    this.machine = house.machine;
    this.#house = house;
    this.#street = street;
    house.networks++;
  }

  /**
   * Finds a memory for a network of so many bytes.
   *
   * @param integers whether it has integer weights: see createMachine
   * @param tenant what has moved out when it is garbage; nothing that the tenancy holds may hold it
   * @throws RangeError when this host cannot run the backend asked for
   */
  static begin(
    tenant: object,
    wanted: Backend | "auto",
    integers: boolean,
    bytes: number,
  ): Tenancy {
    const backend = wanted === "auto" ? currentBackend() : wanted;
    const create = () => createMachine(backend, integers);
    if (!leavers || backend === "js")
      return new Tenancy({ machine: create(), networks: 0 }, null);
    const kind = integers ? `${backend}, integers` : backend;
    let street = houses.get(kind);
    if (!street) houses.set(kind, (street = new Set()));
    const tenancy = new Tenancy(roomIn(street, create, bytes), street);
    leavers.register(tenant, tenancy, tenancy);
    return tenancy;
  }

  /** The address of a block of zeros. */
  take(bytes: number): number {
    const address = this.machine.memory.take(bytes);
    this.#blocks.push({ address, bytes });
    return address;
  }

  /** Gives all blocks back; a memory that nobody lies in is dropped. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    leavers?.unregister(this);
    for (const { address, bytes } of this.#blocks)
      this.machine.memory.give(address, bytes);
    this.#house.networks--;
    if (!this.#house.networks) this.#street?.delete(this.#house);
  }
}

/** From now on networks move into new houses alone; those that lie somewhere stay there. */
export function leaveHouses(): void {
  houses.clear();
}

/** A house that is not full, else a new one. */
function roomIn(
  street: Set<House>,
  create: () => Machine,
  bytes: number,
): House {
  let all = 0;
  for (const { machine } of street) all += machine.memory.end;
  const most = Math.max(SHARED_BYTES, all * SHARE);
  for (const house of street) {
    const { memory } = house.machine;
    if (memory.end + bytes <= most || memory.hasHole(bytes)) return house;
  }
  const house = { machine: create(), networks: 0 };
  street.add(house);
  return house;
}
