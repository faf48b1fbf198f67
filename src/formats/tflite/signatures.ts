import { message, oneOf, wrong } from "../../checks.js";
import type { Model } from "./model.js";
import type { PortNames } from "./translate/translation.js";

/**
 * The subgraph of a signature, with its names for inputs and outputs; without one the first subgraph, by the names of
 * its tensors.
 *
 * @throws TypeError, RangeError when the file has no such signature
 */
export function namesOf(
  { signatures }: Model,
  given: unknown,
): { subgraph: number } & PortNames {
  if (given === undefined)
    return { subgraph: 0, inputs: new Map(), outputs: new Map() };
  if (typeof given !== "string")
    throw wrong(false, "signature", "a string", given);
  const keys = signatures.map(({ key }) => key);
  if (!keys.length)
    throw new RangeError(
      message("signature", "none, as the file has none", JSON.stringify(given)),
    );
  const key = oneOf(given, "signature", keys);
  const found = signatures[keys.indexOf(key)] as Model["signatures"][number];
  const { subgraph, inputs, outputs } = found;
  return { subgraph, inputs, outputs };
}
