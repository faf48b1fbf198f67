import { FormatError } from "../errors.js";
import type { Step } from "./node.js";

type Unfreed = Omit<Step, "frees">;

/** The names of a graph or body; those that it does not define are those around it. */
export class Scope {
  readonly #slots = new Map<string, number>();
  readonly #parent: Scope | null;
  /** Slots from here on are its own. */
  readonly first: number;
  readonly steps: Unfreed[];

  constructor(parent: Scope | null, first: number, steps: Unfreed[] = []) {
    this.#parent = parent;
    this.first = first;
    this.steps = steps;
  }

  has(name: string): boolean {
    return this.#slots.has(name);
  }

  set(name: string, slot: number): void {
    this.#slots.set(name, slot);
  }

  find(name: string): number | undefined {
    return this.#slots.get(name) ?? this.#parent?.find(name);
  }
}

/** @throws FormatError for a name that nothing before has */
export function slotOf(name: string, scope: Scope, place: string): number {
  const slot = scope.find(name);
  if (slot !== undefined) return slot;
  throw new FormatError(
    `expected a value that comes before, got ${JSON.stringify(name)}`,
    place,
  );
}

/** @throws FormatError where the name is none, or one of another value */
export function checkNew(name: string, scope: Scope, place: string): void {
  if (name !== "" && !scope.has(name)) return;
  const got = name === "" ? "none" : `${JSON.stringify(name)} again`;
  throw new FormatError(`expected a name of its own, got ${got}`, place);
}
