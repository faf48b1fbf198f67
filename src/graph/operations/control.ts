/*
 * If, whose condition is known in the run alone: planner.ts puts the branch in its place where it is known at load.
 */
import { message, shapeText } from "../../checks.js";
import type { Body, Compile, Node } from "../node.js";
import type { Family } from "../table.js";
import { runSteps } from "../plan.js";
import type { Value } from "../value.js";

/** A body that takes nothing and gives the node's outputs. */
function branch(node: Node, name: string): Body {
  const body = node.body(name);
  if (body.inputs.length)
    throw node.error(`attribute ${name}: expected no inputs, got some`);
  if (body.outputs.length < node.outputs.length)
    throw node.error(
      `attribute ${name}: expected ${node.outputs.length} outputs, got ${body.outputs.length}`,
    );
  return body;
}

const ifElse: Compile = (node) => {
  node.expectInputs(1);
  const [yes, no] = [branch(node, "then_branch"), branch(node, "else_branch")];
  const results: (Value | null)[] = node.outputs.map(() => null);
  return ([condition], running) => {
    const { dtype, shape, data } = condition as Value;
    if (data.length !== 1)
      throw new RangeError(
        message(node.place, "one condition", `${dtype} ${shapeText(shape)}`),
      );
    const body = data[0] ? yes : no;
    runSteps(body.steps, running);
    for (let i = 0; i < results.length; i++)
      results[i] = running.slots[body.outputs[i] as number] as Value;
    return results;
  };
};

export const control = (): Family => ({
  operations: { If: ifElse },
  outputs: { If: Infinity },
});
