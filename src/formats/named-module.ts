/*
 * The modules that a file names, including those without weights. `_metadata` of a state dict has their names;
 * TorchScript and saved modules have their classes and settings as well.
 */
import { type Module, type NamedModule, shortName } from "./modules.js";

export type { NamedModule };

/** A module without weights that may compute something. */
export interface Silent {
  readonly name: string;
  /** Its class; null if the file does not say. */
  readonly type: string | null;
  readonly settings: NamedModule["settings"];
  /** The module with weights that is named before it; null if there is none. */
  readonly behind: string | null;
}

/** Classes and names of modules that do nothing after training, or are not part of `forward`. */
const IDLE_TYPE =
  /^(\w*Dropout\w*|Identity|\w*Loss|ModuleList|ModuleDict|Sequential|\w*Metric\w*|Accuracy|MeanSquaredError)$/;
const IDLE_NAME =
  /^(drop(out|path)?_?\d*|\w+_drop(out)?_?\d*|do\d*|locked_?drop(out)?|identity|criterion\w*|\w*loss(_?fn|_?func\w*)?|\w*metrics?|\w*acc(uracy)?)$/i;

/**
 * The modules without weights: those that may compute something, and those that do nothing.
 *
 * @param named those of the file; if null, they are inferred from gaps in the numbering of an nn.Sequential
 */
export function silentModules(
  modules: readonly Module[],
  named: readonly NamedModule[] | null,
  prefix: string,
): { silent: Silent[]; idle: Silent[] } {
  const known = new Set<string>([""]);
  for (const { name } of modules)
    for (let at = name; at !== ""; at = parentOf(at)) known.add(at);
  const names = new Set(modules.map(({ name }) => name));
  const silent: Silent[] = [];
  const idle: Silent[] = [];
  let behind: string | null = null;
  for (const { name, type, settings } of named ?? gaps(modules)) {
    if (!name.startsWith(prefix)) continue;
    if (names.has(name)) behind = name;
    if (known.has(name)) continue;
    const own = lastName(name);
    const isIdle = type === null ? IDLE_NAME.test(own) : IDLE_TYPE.test(type);
    (isIdle ? idle : silent).push({ name, type, settings, behind });
  }
  return { silent, idle };
}

/** Whether it is a loss, which may have weights but is not part of `forward`. */
export const isLoss = (name: string): boolean =>
  /^(criterion\w*|\w*loss(_?fn|_?func\w*)?)$/i.test(lastName(name));

/** "relu", or "act (ReLU)" if the class is known. */
export const silentText = ({ name, type }: Silent): string =>
  type === null ? shortName(name) : `${shortName(name)} (${type})`;

/** "lstm" of "encoder.lstm". */
export const lastName = (name: string): string =>
  name.slice(name.lastIndexOf(".") + 1);

/** "encoder" of "encoder.lstm", "" of "lstm". */
export function parentOf(name: string): string {
  return name.slice(0, Math.max(name.lastIndexOf("."), 0));
}

const MAX_GAPS = 100;

/** The modules and the gaps between them, "1" if there are a "0" and a "2", in order. */
function gaps(modules: readonly Module[]): NamedModule[] {
  const all: NamedModule[] = [];
  const lasts = new Map<string, number>();
  let count = 0;
  const add = (name: string) =>
    all.push({ name, type: null, settings: new Map() });
  for (const { name } of modules) {
    const number = /(?:^|\.)(\d{1,6})$/.exec(name)?.[1];
    if (number !== undefined) {
      const inside = name.slice(0, -number.length);
      const first = (lasts.get(inside) ?? -1) + 1;
      for (let n = first; n < Number(number) && count < MAX_GAPS; n++, count++)
        add(`${inside}${n}`);
      lasts.set(inside, Number(number));
    }
    add(name);
  }
  return all;
}
