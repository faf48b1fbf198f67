import { positiveInteger, record, wrong } from "../checks.js";
import { between } from "../signal/checks.js";
import type { FrameModel } from "../signal/frame-model.js";
import type { FrameSettings } from "../signal/frame-settings.js";
import { addProcessor, type Clock, GatewiseNode } from "../worklet/index.js";

/** Options of `NoiseSuppression.createNode`. */
export interface SuppressionNodeOptions {
  /** The address of the package's file worklet-processor.js, as for `addProcessor`. */
  processor: string | URL;
  /** The maximum number of channels, each with its own state; 1 by default, to which others are mixed down. */
  channels?: number;
  /** The clock that `report` measures with; see `startClock` of gatewise/worklet. */
  clock?: Clock;
}

/** What a node runs. */
export interface Suppression {
  readonly models: readonly FrameModel[];
  readonly frames: FrameSettings;
  readonly level: number;
  readonly bypass: boolean;
}

const OPTIONS = { processor: 0, channels: 0, clock: 0 } satisfies Record<
  keyof SuppressionNodeOptions,
  0
>;

/** Removes noise from speech in the audio thread; created by `NoiseSuppression.createNode`. */
export class SuppressionNode extends GatewiseNode {
  /** The delay of the sound in milliseconds, once it is running. */
  latency = 0;

  /** How much of the noise is removed, 0 to 1: 1 - `bypass`. */
  get level(): number {
    return 1 - this.bypass.value;
  }

  set level(level: number) {
    this.bypass.value = 1 - between(level, "level", 0, 1);
  }
}

/** A context needs the processor only once. */
const added = new WeakMap<BaseAudioContext, Promise<void>>();

export async function makeNode(
  context: BaseAudioContext,
  options: SuppressionNodeOptions,
  { models, frames, level, bypass }: Suppression,
): Promise<SuppressionNode> {
  const { processor, channels = 1 } = record(options, "options", OPTIONS);
  const { clock } = options;
  if (typeof processor !== "string" && !(processor instanceof URL))
    throw wrong(
      false,
      "processor",
      "the address of worklet-processor.js",
      processor,
    );
  const count = positiveInteger(channels, "channels");
  if (typeof context !== "object" || context === null)
    throw wrong(false, "context", "an AudioContext", context);
  await addOnce(context, processor);
  const node = new SuppressionNode(context, {
    model: models,
    frames,
    channels: count,
    ...(clock && { clock }),
  });
  node.level = bypass ? 0 : level;
  node.latency = (await node.ready)?.latency ?? 0;
  return node;
}

function addOnce(
  context: BaseAudioContext,
  processor: string | URL,
): Promise<void> {
  let adding = added.get(context);
  if (!adding) {
    adding = addProcessor(context, processor);
    added.set(context, adding);
    adding.catch(() => added.delete(context));
  }
  return adding;
}
