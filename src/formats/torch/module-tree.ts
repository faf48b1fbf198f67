/*
 * Reads modules that were saved as a whole: by torch.save(model), where the objects have their parameters in dicts, or
 * as TorchScript, where they are attributes. The names, joined by dots, are those of state_dict().
 */
import { FormatError } from "../../errors.js";
import type { NamedModule } from "../named-module.js";
import { Dict, Placeholder, PythonSet, Tuple } from "./pickle/values.js";
import { SavedTensor } from "./tensors.js";

const MAX_DEPTH = 100;
const MAX_VISITED = 200_000;
const LONGEST_NAME = 1000;

/** The tensors and modules in a module. */
export interface ModuleTree {
  readonly tensors: Map<string, SavedTensor>;
  readonly modules: readonly NamedModule[];
}

/** The prefix of TorchScript's class names. */
const SCRIPTED = "__torch__.";

/** Whether it is an nn.Module, or a TorchScript module. */
export function isModule(value: unknown): value is Placeholder {
  if (!(value instanceof Placeholder) || !value.isObject) return false;
  if (!(value.state instanceof Dict)) return false;
  const { entries } = value.state;
  return isScripted(value) || entries.get("_modules") instanceof Dict;
}

export const isScripted = ({ name }: Placeholder): boolean =>
  name.startsWith(SCRIPTED);

/** "Chain" of "__main__.Chain" and of "__torch__.models.___torch_mangle_4.Chain". */
export const classOf = ({ name }: Placeholder): string =>
  name.slice(name.lastIndexOf(".") + 1);

/** @throws FormatError for a tree that is too deep or too large */
export function readModuleTree(root: Placeholder): ModuleTree {
  const tensors = new Map<string, SavedTensor>();
  const modules: NamedModule[] = [];
  let visited = 0;
  const visit = (module: Placeholder, path: string, depth: number): void => {
    if (depth > MAX_DEPTH)
      throw new FormatError(`nested more than ${MAX_DEPTH} deep`, "contents");
    const prefix = path && `${path}.`;
    const settings = new Map<string, unknown>();
    modules.push({ name: path, type: classOf(module), settings });
    const children: [string, Placeholder][] = [];
    for (const [key, value] of attributesOf(module)) {
      if (++visited > MAX_VISITED)
        throw new FormatError(`more than ${MAX_VISITED} entries`, "contents");
      if (prefix.length + key.length > LONGEST_NAME)
        throw new FormatError(
          `expected names of at most ${LONGEST_NAME} characters, got ${prefix.length + key.length}`,
          "contents",
        );
      if (value instanceof SavedTensor) tensors.set(prefix + key, value);
      else if (isModule(value)) children.push([prefix + key, value]);
      else settings.set(key, value instanceof Tuple ? value.items[0] : value);
    }
    for (const [name, child] of children) visit(child, name, depth + 1);
  };
  visit(root, "", 0);
  return { tensors, modules };
}

/** A module's own parameters, buffers, modules and settings. */
function* attributesOf(module: Placeholder): Iterable<[string, unknown]> {
  const { entries } = module.state as Dict;
  const names = entries.get("_non_persistent_buffers_set");
  const notSaved = new Set(names instanceof PythonSet ? names.items : []);
  for (const name of ["_parameters", "_buffers", "_modules"]) {
    const group = entries.get(name);
    if (!(group instanceof Dict)) continue;
    for (const [key, value] of group.entries)
      // None is an absent parameter: bias=False
      if (typeof key === "string" && value !== null && !notSaved.has(key))
        yield [key, value];
  }
  for (const [key, value] of entries)
    if (typeof key === "string" && (isScripted(module) || isSetting(value)))
      yield [key, value];
}

/** A plain value, or a tuple of one, such as a Conv1d's stride, padding or dilation. */
const isSetting = (value: unknown): boolean =>
  value instanceof Tuple
    ? value.items.length === 1 && isSetting(value.items[0])
    : ["number", "string", "boolean"].includes(typeof value);
