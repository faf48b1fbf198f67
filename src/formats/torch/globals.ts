/*
 * All that a pickle may ask for, and what our own code does in its stead. Nothing else is ever looked up.
 */
import { FormatError } from "../../errors.js";
import { STORAGE_TYPES, TORCH_DTYPES, TorchDtype } from "./dtypes.js";
import {
  Callable,
  describeValue,
  Dict,
  Named,
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

/** The same with the number type behind the hooks, for those that have no storage class of their own. */
function rebuildTyped(args: Args, place: string): SavedTensor {
  return rebuild(args, args[6], args[7], place);
}

/** The metadata, PyTorch 2's, say that the numbers are stored with another sign than they have. */
function rebuild(
  args: Args,
  dtype: unknown,
  metadata: unknown,
  place: string,
): SavedTensor {
  const [view, offset, size, strides] = args;
  if (metadata instanceof Dict && metadata.entries.size) {
    const names = [...metadata.entries.keys()].map(describeValue).join(", ");
    const got = new Named(`one with ${names}, which resolve_neg() takes off`);
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

/** An empty one, or one of [key, value] pairs, as Python 2 pickled it. */
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

/** As protocols below 4 have sets, torch.save's own 2 among them: of a list. */
function pythonSet([items = []]: Args, place: string): PythonSet {
  if (Array.isArray(items)) return new PythonSet(items);
  throw wrong("a list", items, place);
}

/** Bytes, which those protocols have as text to be encoded; they are no weights, so their number is all that is told. */
function encoded([text]: Args, place: string): Named {
  if (typeof text === "string") return new Named(`${text.length} bytes`);
  throw wrong("text", text, place);
}

const CALLABLES: ReadonlyMap<string, Callable> = new Map(
  [
    new Callable("collections.OrderedDict", orderedDict),
    new Callable("torch._utils._rebuild_tensor", rebuildTensor),
    new Callable("torch._utils._rebuild_tensor_v2", rebuildTensor),
    new Callable("torch._utils._rebuild_tensor_v3", rebuildTyped),
    new Callable("torch._utils._rebuild_parameter", rebuildParameter),
    new Callable(
      "torch._utils._rebuild_parameter_with_state",
      rebuildParameter,
    ),
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

/**
 * What stands for module.name.
 *
 * @throws FormatError at `place`, which names it, for all that plain tensors do not need
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
  throw new FormatError(
    `expected tensors and plain data, got ${quote(full)}, which is neither looked up nor called${advice(full)}`,
    place,
  );
}

/** What to do about it. */
function advice(name: string): string {
  const kind = name.startsWith("__torch__.") ? " (a TorchScript file)" : "";
  return `${kind}; torch.save(model.state_dict(), file) makes a file that can be read`;
}

function wrong(expected: string, got: unknown, place: string): FormatError {
  return new FormatError(
    `expected ${expected}, got ${describeValue(got)}`,
    place,
  );
}
