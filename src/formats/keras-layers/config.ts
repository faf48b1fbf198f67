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

/** Modules of Keras itself, and of what TensorFlow calls it. */
const KERAS =
  /^(keras|tf_keras|tensorflow\.python\.keras|tensorflow\.keras)(\.|$)/;

/** tf.keras called them so in TensorFlow 1.13. */
const RENAMED = new Map([
  ["UnifiedLSTM", "LSTM"],
  ["UnifiedGRU", "GRU"],
]);

/** @throws FormatError when it is no layer */
export function readLayer(place: Place): LayerConfig {
  const written = text(place, "class_name");
  const config = object(place, "config");
  const name = field(config, "name") ?? field(place, "name") ?? "";
  if (typeof name !== "string")
    throw unexpected("a string", name, inside(config, "name"));
  const module = field(place, "module") ?? "keras";
  // of the file's author: by its full name it is none of those that are known
  if (typeof module !== "string" || !KERAS.test(module)) {
    const owner = typeof module === "string" ? module : "?";
    return { className: `${owner}.${written}`, name, config };
  }
  const className = modernClass(RENAMED.get(written) ?? written, config);
  return { className, name, config: modernFields(className, config) };
}

/** As errors name a layer. */
export function placeOf(className: string, name: string): string {
  const short = (value: string) => value.slice(0, 100);
  return name
    ? `layer ${JSON.stringify(short(name))} (${short(className)})`
    : `a layer (${short(className)})`;
}

/** A field that is true or false; `absent` where it is missing or null. */
export function flag(place: Place, name: string, absent: boolean): boolean {
  const value = field(place, name) ?? absent;
  if (typeof value === "boolean") return value;
  throw unexpected("true or false", value, inside(place, name));
}

/** A field that is a finite number; `absent` where it is missing or null. */
export function number(place: Place, name: string, absent: number): number {
  const value = field(place, name) ?? absent;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw unexpected("a number", value, inside(place, name));
}

/** Holds the field `axis` to be the last of `rank`, the features, by whichever number. */
export function requireFeatureAxis(config: Place, rank: number): void {
  const axis = field(config, "axis") ?? -1;
  const [only, ...more] = Array.isArray(axis) ? (axis as unknown[]) : [axis];
  if (!more.length && (only === -1 || only === rank - 1)) return;
  throw unexpected("-1, the features", axis, inside(config, "axis"));
}

/** "SimpleRNN" as Keras names things after classes: "simple_rnn". */
export function snakeCase(className: string): string {
  return className
    .replace(/\W+/g, "")
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

/** Names made unique in their order, as Keras does it: a, a_1, a_2. */
export function numbered(names: readonly string[]): string[] {
  const used = new Map<string, number>();
  return names.map((name) => {
    const count = used.get(name) ?? 0;
    used.set(name, count + 1);
    return count ? `${name}_${count}` : name;
  });
}
