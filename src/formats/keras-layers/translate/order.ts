import { FormatError } from "../../../errors.js";
import { placeOf } from "../config.js";
import { allReferences, type Arguments, callName } from "../inbound.js";
import type { Topology, TopologyLayer } from "../topology.js";

interface Step {
  readonly layer: TopologyLayer;
  readonly index: number;
  readonly call: Arguments;
}

/** All calls, each after those whose outputs it needs. */
export function inOrder(layers: Topology["layers"]): Step[] {
  const waiting = new Map<string, Step[]>();
  const missing = new Map<Step, number>();
  const order: Step[] = [];
  for (const layer of layers.values())
    layer.calls.forEach((call, index) => {
      const step = { layer, index, call };
      const needs = new Set(allReferences(call).map(({ from }) => from));
      missing.set(step, needs.size);
      if (!needs.size) order.push(step);
      for (const name of needs) {
        const list = waiting.get(name);
        if (list) list.push(step);
        else waiting.set(name, [step]);
      }
    });
  for (let i = 0; i < order.length; i++) {
    const { layer, index } = order[i] as Step;
    for (const step of waiting.get(callName(layer.layer.name, index)) ?? []) {
      const left = (missing.get(step) as number) - 1;
      missing.set(step, left);
      if (left === 0) order.push(step);
    }
  }
  if (order.length === missing.size) return order;
  const stuck = [...missing].find(([step]) => !order.includes(step))?.[0];
  const { layer } = stuck as Step;
  throw new FormatError(
    "expected inputs that come before it, got a circle, or a layer that is not there",
    placeOf(layer.layer.className, layer.layer.name),
  );
}
