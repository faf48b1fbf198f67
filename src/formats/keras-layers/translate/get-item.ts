/*
 * x[…], as each Keras writes it.
 *
 *     Keras 3   [{ class_name: "__slice__", config: { start, stop, step } }, -1, …]
 *     Keras 2   slice_spec: [{ start, stop, step }, -1, …]
 */
import { valueText } from "../../json.js";
import { isRecord } from "../../../checks.js";
import type { Call } from "./call.js";
import type { Flow } from "./flow.js";

/** Slices, integers, None and Ellipsis. */
export function getItem(call: Call): Flow {
  const { emit } = call;
  const key = call.argument(1, "key", "slice_spec");
  const stated: unknown[] = Array.isArray(key) ? key : [key];
  let x = call.tensor();
  const { rank } = x;
  const named = stated.filter((entry) => !isNew(entry) && !isRest(entry));
  const left = Array.from({ length: rank - named.length }, () => WHOLE);
  const entries = stated.flatMap((entry) => (isRest(entry) ? left : [entry]));
  let axis = 0;
  for (const entry of entries) {
    if (isNew(entry)) {
      x = emit.unsqueeze(x, axis++);
      continue;
    }
    if (axis >= x.rank)
      throw call.error(`expected at most ${rank} indices, got ${named.length}`);
    if (Number.isSafeInteger(entry)) {
      x = emit.pick(x, axis, entry as number);
      continue;
    }
    const [start, stop, step] = sliceOf(entry, call);
    const whole = start === null && stop === null && (step ?? 1) === 1;
    const by = step ?? 1;
    if (!whole)
      x = emit.slice(
        x,
        axis,
        start ?? (by > 0 ? 0 : -1),
        stop ?? (by > 0 ? Infinity : -Infinity),
        by,
      );
    axis++;
  }
  return x;
}

const WHOLE = { start: null, stop: null, step: null };

const isNew = (entry: unknown): boolean =>
  entry === null || (isRecord(entry) && entry["class_name"] === "__none__");

const isRest = (entry: unknown): boolean =>
  (isRecord(entry) &&
    /ellipsis/i.test(String(entry["class_name"] ?? entry["value"]))) ||
  entry === "...";

function sliceOf(entry: unknown, call: Call): (number | null)[] {
  const own =
    isRecord(entry) && isRecord(entry["config"]) ? entry["config"] : entry;
  if (!isRecord(own))
    throw call.error(`expected slices and integers, got ${valueText(entry)}`);
  return ["start", "stop", "step"].map((name) => {
    const value = own[name] ?? null;
    if (value === null || Number.isSafeInteger(value))
      return value as number | null;
    throw call.error(
      `expected slices of integers, got ${name} ${valueText(value)}`,
    );
  });
}
