/*
 * Modules that were saved whole: by torch.save(model), whose objects have their parameters in dicts, and as
 * TorchScript, whose objects have them as attributes. Names joined by dots are those of state_dict().
 */
import { FormatError } from "../../errors.js";
import type { NamedModule } from "../named-module.js";
import { Dict, Placeholder, PythonSet, Tuple } from "./pickle/values.js";
import { SavedTensor } from "./tensors.js";

const DEEPEST = 100;
const MOST_VISITED = 200_000;
const LONGEST_NAME = 1000;

/** What a tree of modules holds. */
export interface ModuleTree {
  readonly tensors: Map<string, SavedTensor>;
  readonly modules: readonly NamedModule[];
}

/** TorchScript's classes are named so. */
const SCRIPTED = "__torch__.";

/** Whether it is an object of nn.Module's, or of TorchScript. */
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
    if (depth > DEEPEST)
      throw new FormatError(`nested more than ${DEEPEST} deep`, "contents");
    const prefix = path && `${path}.`;
    const settings = new Map<string, unknown>();
    modules.push({ name: path, type: classOf(module), settings });
    const children: [string, Placeholder][] = [];
    for (const [key, value] of attributesOf(module)) {
      if (++visited > MOST_VISITED)
        throw new FormatError(`more than ${MOST_VISITED} entries`, "contents");
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

/** What a module has by itself: parameters, buffers, modules, settings. */
function* attributesOf(module: Placeholder): Iterable<[string, unknown]> {
  const { entries } = module.state as Dict;
  const passed = entries.get("_non_persistent_buffers_set");
  const left = new Set(passed instanceof PythonSet ? passed.items : []);
  for (const name of ["_parameters", "_buffers", "_modules"]) {
    const group = entries.get(name);
    if (!(group instanceof Dict)) continue;
    for (const [key, value] of group.entries)
      // what is None was not given: bias=False
      if (typeof key === "string" && value !== null && !left.has(key))
        yield [key, value];
  }
  for (const [key, value] of entries)
    if (typeof key === "string" && (isScripted(module) || isSetting(value)))
      yield [key, value];
}

/** Or a tuple of one: a Conv1d's stride, padding and dilation. */
const isSetting = (value: unknown): boolean =>
  value instanceof Tuple
    ? value.items.length === 1 && isSetting(value.items[0])
    : ["number", "string", "boolean"].includes(typeof value);
