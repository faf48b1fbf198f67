import { isBody, type NodeDescription } from "../description.js";
import { placeOf } from "../node.js";
import { checkNew, type Scope, slotOf } from "../scope.js";

/**
 * A Loop without the states that its body hands on as they are, as tf2onnx has weights: they are values around it,
 * and products with those that are constant run on the kernel.
 *
 * @param known is given the body's names for them
 */
export function withoutHandedOn(
  given: NodeDescription,
  scope: Scope,
  known: Map<string, number>,
): NodeDescription {
  const { type, name, inputs, outputs, attributes } = given;
  const body = attributes.get("body");
  const place = placeOf(name, type);
  const fits =
    typeof body === "object" &&
    isBody(body) &&
    body.inputs.length === inputs.length &&
    body.outputs.length >= inputs.length - 1;
  if (!fits) return given;
  const changes = inputs.map(
    (input, i) =>
      i < 2 || input === "" || body.outputs[i - 1] !== body.inputs[i],
  );
  if (changes.every((own) => own)) return given;
  inputs.forEach((input, i) => {
    if (changes[i]) return;
    const slot = slotOf(input, scope, place);
    known.set(body.inputs[i] as string, slot);
    const output = outputs[i - 2];
    if (!output) return;
    checkNew(output, scope, place);
    scope.set(output, slot);
  });
  const kept = <T>(list: readonly T[], shift: number): T[] =>
    list.filter((_, i) => changes[i + shift] ?? true);
  const changed = {
    ...body,
    inputs: kept(body.inputs, 0),
    outputs: kept(body.outputs, 1),
  };
  return {
    ...given,
    inputs: kept(inputs, 0),
    outputs: kept(outputs, 2),
    attributes: new Map(attributes).set("body", changed),
  };
}
