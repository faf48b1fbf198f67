/*
 * Finds the state dict in a checkpoint, which may hold other things too: an optimizer, an epoch, settings.
 */
import { message } from "../../checks.js";
import { FormatError } from "../../errors.js";
import type { NamedModule } from "../named-module.js";
import { isModule, isScripted, readModuleTree } from "./module-tree.js";
import { describeValue, Dict, Placeholder, Tuple } from "./pickle/values.js";
import { SavedTensor } from "./tensors.js";

/** The names that trainers give to the model in a checkpoint, the most specific first. */
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

const MAX_DEPTH = 100;
const MAX_VISITED = 1_000_000;
const MAX_IGNORED = 1000;
const LONGEST_NAME = 1000;

export interface FoundStateDict {
  /** By name; the names of nested dicts are joined by dots. */
  readonly tensors: ReadonlyMap<string, SavedTensor>;
  readonly ignored: readonly string[];
  /** The path to the state dict in the file: "model_state_dict"; "" if it is the whole file. */
  readonly path: string;
  /** The modules that the state dict lists, including those without parameters; null if it lists none. */
  readonly modules: readonly NamedModule[] | null;
  /** If the model was saved as a whole module: its class, and whether as TorchScript. Otherwise null. */
  readonly whole: { readonly name: string; readonly scripted: boolean } | null;
}

/**
 * Finds the state dict at the path `wanted`, or under the names that trainers use.
 *
 * @throws RangeError if `wanted` is not a state dict in the file; FormatError if the file has no tensors
 */
export function findStateDict(
  root: unknown,
  wanted: string | undefined,
): FoundStateDict {
  return new Search().run(root, wanted);
}

class Search {
  readonly #tensors = new Map<string, SavedTensor>();
  readonly #ignored: string[] = [];
  #ignoredCount = 0;
  /** By container, whether it holds a tensor. */
  readonly #known = new Map<unknown, boolean>();
  #visited = 0;

  run(root: unknown, wanted: string | undefined): FoundStateDict {
    const [path, found] =
      wanted === undefined ? this.#usual(root) : this.#named(root, wanted);
    if (found instanceof SavedTensor || !this.#holdsTensors(found, 0)) {
      const got = `${describeValue(found)}${found instanceof SavedTensor ? "" : " without tensors"}`;
      if (wanted === undefined)
        throw new FormatError(`expected a state dict, got ${got}`, "contents");
      throw new RangeError(
        message("stateDict", "the path of a state dict", got),
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

  /** Follows the names that trainers use. */
  #usual(root: unknown): [string, unknown] {
    const path: string[] = [];
    let found = root;
    for (;;) {
      const inside = isModule(found) ? null : found;
      const name = NAMES.find((name) => this.#isStateDict(inside, name));
      if (name === undefined || path.length === MAX_DEPTH)
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

  /** Follows `wanted`: a key that may itself have dots, or keys joined by dots. */
  #named(root: unknown, wanted: string): [string, unknown] {
    const path: string[] = [];
    let found = root;
    for (let rest = wanted; rest !== "";) {
      const keys = Array.from(entriesOf(found), ([key]) => key);
      const key = keys.includes(rest)
        ? rest
        : keys.find((key) => key !== "" && rest.startsWith(`${key}.`));
      if (key === undefined) {
        const expected = `a path in the file: ${keys.slice(0, 10).join(", ")}`;
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

  /** The entry `name`. The other entries are reported as ignored. */
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
        for (const [key, tensor] of readModuleTree(value).tensors)
          this.#add(`${name}.${key}`, tensor);
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
    if (depth > MAX_DEPTH)
      throw new FormatError(`nested more than ${MAX_DEPTH} deep`, "contents");
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    // stops at a container that contains itself
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
    if (this.#ignoredCount++ >= MAX_IGNORED) return;
    let what = describeValue(value);
    if (isOptimizer(value)) what = "the state of an optimizer";
    if (Array.isArray(value) && value.length && value.every(isOptimizer))
      what = `the states of ${value.length} optimizers`;
    this.#ignored.push(`${name.slice(0, 200)}: ${what}`);
  }

  /** Counts an entry, or several for a long name: dicts that share other dicts could unfold to any number of names. */
  #count(characters = 0): void {
    this.#visited += 1 + (characters >> 6);
    if (this.#visited > MAX_VISITED)
      throw new FormatError(`more than ${MAX_VISITED} entries`, "contents");
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
 * A dict; the entries of an object whose class extends dict; or an object's attributes, among which fastai's learner
 * has its model. null for anything else.
 */
function asDict(value: unknown): Dict | null {
  if (value instanceof Dict) return value;
  if (!(value instanceof Placeholder) || !value.isObject) return null;
  if (value.entries.entries.size) return value.entries;
  return value.state instanceof Dict ? value.state : null;
}

/** The entries of a dict by their keys, of a list by their indices. */
function* entriesOf(container: unknown): Iterable<[string, unknown]> {
  const dict = asDict(container);
  if (dict)
    for (const [key, value] of dict.entries)
      yield [typeof key === "string" ? key : describeValue(key), value];
  else if (isContainer(container)) {
    let index = 0;
    for (const item of itemsOf(container)) yield [`${index++}`, item];
  }
}

/** An object that is neither a module nor a dict; its tensors are not read. */
function isObject(value: unknown): boolean {
  return (
    value instanceof Placeholder &&
    !value.entries.entries.size &&
    !isModule(value)
  );
}

function isOptimizer(value: unknown): boolean {
  const entries = asDict(value)?.entries;
  return Boolean(entries?.has("state") && entries.has("param_groups"));
}

/** The modules in OrderedDict._metadata, which nn.Module.state_dict adds. */
function modulesOf(dict: unknown): NamedModule[] | null {
  const metadata =
    dict instanceof Dict && dict.attributes?.entries.get("_metadata");
  if (!(metadata instanceof Dict)) return null;
  const names = [...metadata.entries.keys()];
  return names
    .filter((name): name is string => typeof name === "string")
    .map((name) => ({ name, type: null, settings: new Map() }));
}
