/*
 * The state dict among what a checkpoint holds beside it: an optimizer, an epoch, settings.
 */
import { message } from "../../checks.js";
import { FormatError } from "../../errors.js";
import type { NamedModule } from "../named-module.js";
import { isModule, isScripted, readModuleTree } from "./module-tree.js";
import { describeValue, Dict, Placeholder, Tuple } from "./pickle/values.js";
import { SavedTensor } from "./tensors.js";

/** What trainers call the entry of a checkpoint that is the model, the surest first. */
const NAMES = [
  "state_dict",
  "model_state_dict",
  "model_state",
  "model",
  "net",
  "network",
  "module",
  "params",
  "weights",
];

const DEEPEST = 100;
const MOST_VISITED = 1_000_000;
const MOST_IGNORED = 1000;
const LONGEST_NAME = 1000;

export interface Contents {
  /** Dotted names; the state dict's own where it is flat. */
  readonly tensors: ReadonlyMap<string, SavedTensor>;
  readonly ignored: readonly string[];
  /** Where the state dict was: "model_state_dict"; "" when it is the whole file. */
  readonly path: string;
  /** The modules that the state dict lists, without parameters too; null when it lists none. */
  readonly modules: readonly NamedModule[] | null;
  /** Where it is a module that was saved whole: its class, and whether as TorchScript. */
  readonly whole: { readonly name: string; readonly scripted: boolean } | null;
}

/**
 * The tensors of the state dict at `wanted`, or where trainers put it.
 *
 * @throws RangeError when there is nothing at `wanted`, FormatError when there are no tensors
 */
export function findStateDict(
  root: unknown,
  wanted: string | undefined,
): Contents {
  return new Search().run(root, wanted);
}

class Search {
  readonly #tensors = new Map<string, SavedTensor>();
  readonly #ignored: string[] = [];
  #ignoredCount = 0;
  /** Whether there is a tensor in it. */
  readonly #known = new Map<unknown, boolean>();
  #visited = 0;

  run(root: unknown, wanted: string | undefined): Contents {
    const [path, found] =
      wanted === undefined ? this.#usual(root) : this.#named(root, wanted);
    if (found instanceof SavedTensor || !this.#holdsTensors(found, 0)) {
      const got = `${describeValue(found)}${found instanceof SavedTensor ? "" : " without tensors"}`;
      if (wanted === undefined)
        throw new FormatError(`expected a state dict, got ${got}`, "contents");
      throw new RangeError(
        message("stateDict", "the place of a state dict", got),
      );
    }
    const whole = isModule(found) ? found : null;
    const tree = whole && readModuleTree(whole);
    if (!tree) this.#flatten(found, "", 0);
    const more = this.#ignoredCount - this.#ignored.length;
    return {
      tensors: tree?.tensors ?? this.#tensors,
      ignored: more ? [...this.#ignored, `and ${more} more`] : this.#ignored,
      path,
      modules: tree?.modules ?? modulesOf(found),
      whole: whole && { name: whole.name, scripted: isScripted(whole) },
    };
  }

  /** Down the names that trainers use. */
  #usual(root: unknown): [string, unknown] {
    const path: string[] = [];
    let found = root;
    for (;;) {
      const inside = isModule(found) ? null : found;
      const name = NAMES.find((name) => this.#isStateDict(inside, name));
      if (name === undefined || path.length === DEEPEST)
        return [path.join("."), found];
      path.push(name);
      found = this.#enter(found, name, path);
    }
  }

  #isStateDict(container: unknown, name: string): boolean {
    const value = asDict(container)?.entries.get(name);
    const fits = isModule(value) || asDict(value) !== null;
    return fits && this.#holdsTensors(value, 0);
  }

  /** Down `wanted`: a key at once, or keys joined by dots. */
  #named(root: unknown, wanted: string): [string, unknown] {
    const path: string[] = [];
    let found = root;
    for (let rest = wanted; rest !== "";) {
      const keys = Array.from(entriesOf(found), ([key]) => key);
      const key = keys.includes(rest)
        ? rest
        : keys.find((key) => key !== "" && rest.startsWith(`${key}.`));
      if (key === undefined) {
        const expected = `a place in the file: ${keys.slice(0, 10).join(", ")}`;
        throw new RangeError(
          message("stateDict", expected, JSON.stringify(wanted)),
        );
      }
      path.push(key);
      found = this.#enter(found, key, path);
      rest = rest.slice(key.length + 1);
    }
    return [wanted, found];
  }

  /** The entry `name`; those beside it are not read. */
  #enter(container: unknown, name: string, path: readonly string[]): unknown {
    let entered: unknown;
    const above = [...path.slice(0, -1), ""].join(".");
    for (const [key, value] of entriesOf(container)) {
      if (key === name) entered = value;
      else this.#ignore(above + key, value);
    }
    return entered;
  }

  #flatten(container: unknown, prefix: string, depth: number): void {
    for (const [key, value] of entriesOf(container)) {
      const name = prefix + key;
      this.#count(name.length);
      const skipped = isOptimizer(value) || isObject(value);
      if (skipped || !this.#holdsTensors(value, depth)) {
        this.#ignore(name, value);
        continue;
      }
      if (name.length > LONGEST_NAME)
        throw new FormatError(
          `expected names of at most ${LONGEST_NAME} characters, got ${name.length}`,
          "contents",
        );
      if (value instanceof SavedTensor) this.#add(name, value);
      else if (isModule(value))
        for (const [own, tensor] of readModuleTree(value).tensors)
          this.#add(`${name}.${own}`, tensor);
      else this.#flatten(value, `${name}.`, depth + 1);
    }
  }

  #add(name: string, tensor: SavedTensor): void {
    this.#count(name.length);
    if (this.#tensors.has(name))
      throw new FormatError(
        "the name occurs twice",
        `tensor ${JSON.stringify(name.slice(0, 200))}`,
      );
    this.#tensors.set(name, tensor);
  }

  #holdsTensors(value: unknown, depth: number): boolean {
    if (value instanceof SavedTensor) return true;
    if (!isContainer(value)) return false;
    if (depth > DEEPEST)
      throw new FormatError(`nested more than ${DEEPEST} deep`, "contents");
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    // for one that contains itself: it adds nothing to itself
    this.#known.set(value, false);
    let holds = false;
    if (isModule(value)) holds = readModuleTree(value).tensors.size > 0;
    else
      for (const item of itemsOf(value))
        if (this.#holdsTensors(item, depth + 1)) holds = true;
    this.#known.set(value, holds);
    return holds;
  }

  #ignore(name: string, value: unknown): void {
    if (this.#ignoredCount++ >= MOST_IGNORED) return;
    let what = describeValue(value);
    if (isOptimizer(value)) what = "the state of an optimizer";
    if (Array.isArray(value) && value.length && value.every(isOptimizer))
      what = `the states of ${value.length} optimizers`;
    this.#ignored.push(`${name.slice(0, 200)}: ${what}`);
  }

  /** An entry, and a long name as several: dicts that share others unfold to any number of names. */
  #count(characters = 0): void {
    this.#visited += 1 + (characters >> 6);
    if (this.#visited > MOST_VISITED)
      throw new FormatError(`more than ${MOST_VISITED} entries`, "contents");
  }
}

type Container = Dict | Tuple | Placeholder | unknown[];

function isContainer(value: unknown): value is Container {
  return (
    asDict(value) !== null || value instanceof Tuple || Array.isArray(value)
  );
}

function itemsOf(container: Container): Iterable<unknown> {
  const dict = asDict(container);
  if (dict) return dict.entries.values();
  return container instanceof Tuple
    ? container.items
    : (container as unknown[]);
}

/**
 * A dict, or an object that has entries as a subclass of dict, or else attributes, as a learner of fastai has its
 * model; null for all else.
 */
function asDict(value: unknown): Dict | null {
  if (value instanceof Dict) return value;
  if (!(value instanceof Placeholder) || !value.isObject) return null;
  if (value.entries.entries.size) return value.entries;
  return value.state instanceof Dict ? value.state : null;
}

/** The entries of a dict by its keys, of a list by their places. */
function* entriesOf(container: unknown): Iterable<[string, unknown]> {
  const dict = asDict(container);
  if (dict)
    for (const [key, value] of dict.entries)
      yield [typeof key === "string" ? key : describeValue(key), value];
  else if (isContainer(container)) {
    let place = 0;
    for (const item of itemsOf(container)) yield [`${place++}`, item];
  }
}

/** An object whose tensors are its own affair: no module, and no dict. */
function isObject(value: unknown): boolean {
  const isOne = value instanceof Placeholder && !value.entries.entries.size;
  return isOne && !isModule(value);
}

function isOptimizer(value: unknown): boolean {
  const entries = asDict(value)?.entries;
  return Boolean(entries?.has("state") && entries.has("param_groups"));
}

/** The keys of OrderedDict._metadata, which nn.Module.state_dict adds. */
function modulesOf(dict: unknown): NamedModule[] | null {
  const metadata =
    dict instanceof Dict && dict.attributes?.entries.get("_metadata");
  if (!(metadata instanceof Dict)) return null;
  const names = [...metadata.entries.keys()];
  return names
    .filter((name): name is string => typeof name === "string")
    .map((name) => ({ name, type: null, settings: new Map() }));
}
