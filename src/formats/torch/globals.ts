/*
 * The classes and functions that a pickle may name, and our own code that stands in for them. All others become
 * placeholders: nothing is looked up.
 */
import { FormatError } from "../../errors.js";
import { STORAGE_TYPES, TORCH_DTYPES, TorchDtype } from "./dtypes.js";
import {
  Callable,
  describeValue,
  Dict,
  Named,
  Placeholder,
  PythonSet,
  quote,
  Tuple,
} from "./pickle/values.js";
import { Storage, type StorageView } from "./storage.js";
import { SavedTensor, toCounts, viewStorage } from "./tensors.js";

type Args = readonly unknown[];

/** torch._utils._rebuild_tensor_v2(storage, offset, size, strides, requires_grad, hooks, metadata). */
function rebuildTensor(args: Args, place: string): SavedTensor {
  return rebuild(args, undefined, args[6], place);
}

/** The same, with the number type after the hooks, for types without a storage class. */
function rebuildTyped(args: Args, place: string): SavedTensor {
  return rebuild(args, args[6], args[7], place);
}

/** PyTorch 2's metadata say that the stored numbers are to be negated or conjugated; such tensors are refused. */
function rebuild(
  args: Args,
  dtype: unknown,
  metadata: unknown,
  place: string,
): SavedTensor {
  const [view, offset, size, strides] = args;
  if (metadata instanceof Dict && metadata.entries.size) {
    const names = [...metadata.entries.keys()].map(describeValue).join(", ");
    const got = new Named(`one with ${names}, which resolve_neg() removes`);
    throw wrong("a plain tensor", got, place);
  }
  if (!isStorageView(view)) throw wrong("a storage", view, place);
  const type = dtype ?? view.storage.type.dtype;
  if (!(type instanceof TorchDtype)) throw wrong("a torch.dtype", type, place);
  return viewStorage(
    view,
    type,
    offset,
    toCounts(size, "sizes", place),
    toCounts(strides, "strides", place),
    place,
  );
}

function isStorageView(value: unknown): value is StorageView {
  return (value as StorageView | null | undefined)?.storage instanceof Storage;
}

/** torch._utils._rebuild_parameter(data, requires_grad, hooks). */
function rebuildParameter([data]: Args, place: string): SavedTensor {
  if (data instanceof SavedTensor) return data;
  throw wrong("a tensor", data, place);
}

/** An empty OrderedDict, or one of [key, value] pairs, as Python 2 pickled it. */
function orderedDict([pairs]: Args, place: string): Dict {
  const dict = new Dict();
  if (pairs === undefined) return dict;
  if (!Array.isArray(pairs)) throw wrong("a list of pairs", pairs, place);
  for (const pair of pairs) {
    const items = pair instanceof Tuple ? pair.items : pair;
    if (
      !Array.isArray(items) ||
      typeof items[0] !== "string" ||
      items.length !== 2
    )
      throw wrong("a pair of a name and a value", pair, place);
    dict.set(items[0], items[1]);
  }
  return dict;
}

/** A set from a list, as in protocols below 4; torch.save writes protocol 2. */
function pythonSet([items = []]: Args, place: string): PythonSet {
  if (Array.isArray(items)) return new PythonSet(items);
  throw wrong("a list", items, place);
}

/** Bytes, which protocols below 3 write as text to encode. They are not weights, so only their number is kept. */
function encoded([text]: Args, place: string): Named {
  if (typeof text === "string") return new Named(`${text.length} bytes`);
  throw wrong("text", text, place);
}

/** torch._tensor._rebuild_from_type_v2(function, type, arguments, state): a tensor with attributes. */
function rebuildSubclass([func, , args]: Args, place: string): unknown {
  if (func instanceof Callable && args instanceof Tuple)
    return func.call(args.items, place);
  throw wrong("a tensor", func, place);
}

/** The first argument: the items of TorchScript's lists, which are followed by their types. */
const first = ([value]: Args): unknown => value;

const CALLABLES: ReadonlyMap<string, Callable> = new Map(
  [
    new Callable("collections.OrderedDict", orderedDict),
    new Callable("torch._utils._rebuild_tensor", rebuildTensor),
    new Callable("torch._utils._rebuild_tensor_v2", rebuildTensor),
    new Callable("torch._utils._rebuild_tensor_v3", rebuildTyped),
    // the scale and zero point are not read, since the tensor is not read as floats
    new Callable("torch._utils._rebuild_qtensor", rebuildTensor),
    new Callable("torch._tensor._rebuild_from_type_v2", rebuildSubclass),
    new Callable("torch._utils._rebuild_parameter", rebuildParameter),
    new Callable(
      "torch._utils._rebuild_parameter_with_state",
      rebuildParameter,
    ),
    new Callable("collections.defaultdict", () => new Dict()),
    ...["int", "double", "bool", "tensor"].map(
      (kind) => new Callable(`torch.jit._pickle.build_${kind}list`, first),
    ),
    new Callable("torch.jit._pickle.restore_type_tag", first),
    new Callable("__builtin__.set", pythonSet),
    new Callable("__builtin__.frozenset", pythonSet),
    new Callable("_codecs.encode", encoded),
    new Callable(
      "torch.Size",
      ([size], place) => new Tuple(toCounts(size, "sizes", place)),
    ),
    new Callable(
      "torch.device",
      (args) => new Named(`device ${args.map(describeValue).join(", ")}`),
    ),
  ].map((callable) => [callable.name, callable]),
);

/** Modules and functions that a file can only name to do harm: they run programs, open files or run code. */
const HARMFUL_MODULE =
  /^(os|posix|nt|subprocess|sys|shutil|socket|runpy|importlib|ctypes|pty|webbrowser)$/;
const HARMFUL_BUILTIN =
  /^(eval|exec|execfile|compile|open|file|input|__import__|globals|breakpoint)$/;

/**
 * What stands in for module.name: our own code, or a placeholder.
 *
 * @throws FormatError at `place`, naming it, if it runs programs or reaches into Python itself
 */
export function findGlobal(
  module: string,
  name: string,
  place: string,
): unknown {
  const full = `${module}.${name}`;
  const found =
    CALLABLES.get(full) ??
    STORAGE_TYPES.get(full) ??
    (module === "torch" ? TORCH_DTYPES.get(name) : undefined);
  if (found !== undefined) return found;
  const builtin = /^(__builtin__|builtins)$/.test(module);
  if (!HARMFUL_MODULE.test(module) && !(builtin && HARMFUL_BUILTIN.test(name)))
    return new Placeholder(full, false);
  throw new FormatError(
    `expected tensors and plain data, got ${quote(full)}, which is neither looked up nor called: in Python, this file would run it`,
    place,
  );
}

/** Counts the placeholder objects of a file by name. */
export class Placeholders {
  readonly #counts = new Map<string, number>();

  /** Stands in for the object that the pickle would create by a class or a function. */
  make(of: Placeholder, args: Args): Placeholder {
    // copyreg._reconstructor(class, base, state): protocols below 2 create objects so
    const [type] = args;
    const name =
      /^copy_?reg\._reconstructor$/.test(of.name) && type instanceof Placeholder
        ? type.name
        : of.name;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    return new Placeholder(name, true);
  }

  /** A line for the report; none if there are no objects. */
  lines(): string[] {
    if (!this.#counts.size) return [];
    const all = Array.from(this.#counts, ([name, n]) => `${quote(name)} ${n}`);
    const some = all.slice(0, 10).join(", ") + (all.length > 10 ? ", …" : "");
    return [`objects of Python, neither looked up nor called: ${some}`];
  }
}

function wrong(expected: string, got: unknown, place: string): FormatError {
  return new FormatError(
    `expected ${expected}, got ${describeValue(got)}`,
    place,
  );
}
