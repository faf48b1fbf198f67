/*
 * WHILE and IF, whose bodies are subgraphs, and variables.
 */
import { FormatError } from "../../../errors.js";
import type { Translate } from "./call.js";
import type { Scope } from "./scope.js";

/** Passes a tensor of one subgraph to a tensor of another. */
export function hand(
  from: Scope,
  index: number,
  to: Scope,
  target: number,
): void {
  const [a, b] = [from.tensor(index), to.tensor(target)];
  if (a.type === "RESOURCE")
    return to.setVariable(target, from.variable(index));
  if (from.isQuantized(a) && to.isQuantized(b))
    return to.giveStored(target, from.stored(index));
  to.give(target, from.real(index));
}

/** Whether a value is passed from iteration to iteration: all but the handles of variables, which are constant. */
const flows = (scope: Scope, index: number): boolean =>
  scope.tensor(index).type !== "RESOURCE";

const whileLoop: Translate = (call) => {
  const { scope, options, operator, builder } = call;
  const { translation } = scope;
  const [cond, body] = ["cond", "body"].map((name) =>
    translation.subgraph(options.int(`${name}_subgraph_index`), operator.place),
  ) as [number, number];
  const { inputs, outputs } = operator;
  translation.expectCounts(cond, inputs.length, 1, operator.place);
  translation.expectCounts(body, inputs.length, inputs.length, operator.place);
  if (outputs.length > inputs.length || inputs.some((index) => index < 0))
    throw call.refuse(
      `expected an output for each of ${inputs.length} inputs, all of them given, got ${outputs.length}`,
    );
  const flowing = inputs.flatMap((index, i) =>
    flows(scope, index) ? [i] : [],
  );
  /** The subgraph's inputs, whose values are those of `from` at the places in `list`. */
  const run = (
    subgraph: number,
    from: Scope,
    list: readonly number[],
    own = from.builder,
  ) =>
    translation.run(subgraph, own, from.isBody || own !== builder, (to) =>
      list.forEach((index, i) =>
        hand(from, index, to, to.subgraph.inputs[i] as number),
      ),
    );
  const condition = (of: Scope) => of.real(of.subgraph.outputs[0] as number);
  const first = condition(run(cond, scope, inputs));
  const loop = builder.body(
    ["iteration", "going", ...flowing.map((i) => `state${i}`)],
    (own, [, , ...states]) => {
      const inside = translation.run(body, own, true, (to) => {
        const targets = to.subgraph.inputs;
        inputs.forEach((index, i) => {
          const target = targets[i] as number;
          if (!flows(scope, index))
            to.setVariable(target, scope.variable(index));
        });
        flowing.forEach((i, k) =>
          to.giveStored(targets[i] as number, states[k] as string),
        );
      });
      const after = inside.subgraph.outputs;
      const next = condition(run(cond, inside, after, own));
      return [next, ...flowing.map((i) => inside.stored(after[i] as number))];
    },
  );
  const results = call.emitWide(
    "Loop",
    ["", first, ...flowing.map((i) => call.stored(i))],
    flowing.length,
    { body: loop },
  );
  flowing.forEach((i, k) => call.giveStored(results[k] as string, i));
};

const ifElse: Translate = (call) => {
  const { scope, options, operator, builder } = call;
  const { translation } = scope;
  const [, ...inputs] = operator.inputs;
  const branch = (name: string) => {
    const index = translation.subgraph(
      options.int(`${name}_subgraph_index`),
      operator.place,
    );
    translation.expectCounts(
      index,
      inputs.length,
      operator.outputs.length,
      operator.place,
    );
    return builder.body([], (own) => {
      const inside = translation.run(index, own, true, (to) =>
        inputs.forEach((input, i) =>
          hand(scope, input, to, to.subgraph.inputs[i] as number),
        ),
      );
      return inside.subgraph.outputs.map((output) => inside.stored(output));
    });
  };
  // values that both branches read are computed before them
  const condition = call.real(0);
  inputs.forEach((input) => {
    if (flows(scope, input)) scope.stored(input);
  });
  const [then_branch, else_branch] = [branch("then"), branch("else")];
  const results = call.emitWide("If", [condition], operator.outputs.length, {
    then_branch,
    else_branch,
  });
  results.forEach((value, i) => call.giveStored(value, i));
};

const varHandle: Translate = (call) => {
  const { options, scope, operator } = call;
  const [container, name] = [
    options.text("container"),
    options.text("shared_name"),
  ];
  const variable = container ? `${container}/${name ?? ""}` : (name ?? "");
  const [output] = operator.outputs;
  if (output !== undefined) scope.setVariable(output, variable);
};

const readVariable: Translate = (call) => {
  const { scope } = call;
  const name = scope.variable(call.operator.inputs[0] as number);
  call.giveStored(scope.states.readVariable(name, call.target(), scope));
};

const assignVariable: Translate = (call) => {
  const { scope } = call;
  const name = scope.variable(call.operator.inputs[0] as number);
  scope.states.assign(name, call.tensor(1), scope, call.stored(1));
};

/** A subgraph that initialises variables; it is run while loading. */
const callOnce: Translate = (call) => {
  const { scope, options, operator } = call;
  if (scope.isBody)
    throw new FormatError(
      "expected it outside of WHILE and IF, got it in one of them",
      operator.place,
    );
  const index = options.int("init_subgraph_index");
  scope.translation.initialize(
    scope.translation.subgraph(index, operator.place),
    operator.place,
  );
};

/** Dequantises; float16 constants have been read as float32. */
const dequantize: Translate = (call) => {
  const known = call.known(0);
  const { outputs } = call.operator;
  if (known && outputs[0] !== undefined)
    call.scope.giveKnown(outputs[0], known);
  else call.give(call.real());
};

export const control: Readonly<Record<string, Translate>> = {
  WHILE: whileLoop,
  IF: ifElse,
  VAR_HANDLE: varHandle,
  READ_VARIABLE: readVariable,
  ASSIGN_VARIABLE: assignVariable,
  CALL_ONCE: callOnce,
  DEQUANTIZE: dequantize,
};
