import { message, oneOf, wrong } from "../../checks.js";
import type { Model } from "./model.js";
import type { PortNames } from "./translate/translation.js";

/**
 * The subgraph of a signature, with the signature's names of inputs and outputs; or the first subgraph, whose tensors'
 * names are used.
 *
 * @throws TypeError, RangeError if the file does not have the signature
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
      message(
        "signature",
        "none, since the file has no signatures",
        JSON.stringify(given),
      ),
    );
  const key = oneOf(given, "signature", keys);
  const found = signatures[keys.indexOf(key)] as Model["signatures"][number];
  const { subgraph, inputs, outputs } = found;
  return { subgraph, inputs, outputs };
}
