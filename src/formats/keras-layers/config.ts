/*
 * Keras's JSON: a layer is { class_name, config: { name, … } }, since Keras 3 with the module that the class is from.
 */
import {
  field,
  inside,
  object,
  type Place,
  text,
  unexpected,
} from "../json.js";
import { modernClass, modernFields } from "./keras1.js";
import type { LayerConfig } from "./weights.js";

export type { LayerConfig };

/** Keras's own modules, under its names and TensorFlow's. */
const KERAS =
  /^(keras|tf_keras|tensorflow\.python\.keras|tensorflow\.keras)(\.|$)/;

/** Names from tf.keras in TensorFlow 1.13. */
const RENAMED = new Map([
  ["UnifiedLSTM", "LSTM"],
  ["UnifiedGRU", "GRU"],
]);

/** @throws FormatError if it is not a layer */
export function readLayer(place: Place): LayerConfig {
  const written = text(place, "class_name");
  const config = object(place, "config");
  const name = field(config, "name") ?? field(place, "name") ?? "";
  if (typeof name !== "string")
    throw unexpected("a string", name, inside(config, "name"));
  const module = field(place, "module") ?? "keras";
  // a custom layer, by its full name so that it is not taken for one of Keras's
  if (typeof module !== "string" || !KERAS.test(module)) {
    const owner = typeof module === "string" ? module : "?";
    return { className: `${owner}.${written}`, name, config };
  }
  const className = modernClass(RENAMED.get(written) ?? written, config);
  return { className, name, config: modernFields(className, config) };
}

/** A layer in error messages. */
export function placeOf(className: string, name: string): string {
  const short = (value: string) => value.slice(0, 100);
  return name
    ? `layer ${JSON.stringify(short(name))} (${short(className)})`
    : `a layer (${short(className)})`;
}

/** A field that is true or false; `absent` if it is missing or null. */
export function flag(place: Place, name: string, absent: boolean): boolean {
  const value = field(place, name) ?? absent;
  if (typeof value === "boolean") return value;
  throw unexpected("true or false", value, inside(place, name));
}

/** A field that is a finite number; `absent` if it is missing or null. */
export function number(place: Place, name: string, absent: number): number {
  const value = field(place, name) ?? absent;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw unexpected("a number", value, inside(place, name));
}

/** Checks that the field `axis` is the last of `rank` axes, the features, as a positive or negative number. */
export function requireFeatureAxis(config: Place, rank: number): void {
  const axis = field(config, "axis") ?? -1;
  const [only, ...more] = Array.isArray(axis) ? (axis as unknown[]) : [axis];
  if (!more.length && (only === -1 || only === rank - 1)) return;
  throw unexpected("-1, the features", axis, inside(config, "axis"));
}

/** A class name in Keras's snake case: "simple_rnn" for "SimpleRNN". */
export function snakeCase(className: string): string {
  return className
    .replace(/\W+/g, "")
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

/** Names made unique in order, as Keras does: a, a_1, a_2. */
export function numbered(names: readonly string[]): string[] {
  const used = new Map<string, number>();
  return names.map((name) => {
    const count = used.get(name) ?? 0;
    used.set(name, count + 1);
    return count ? `${name}_${count}` : name;
  });
}
