import { message, wrong } from "../checks.js";
import { CAPTURE, CAPTURE_SOURCE } from "./capture-processor.js";

/** A running `listen`. */
export interface Listening {
  /** The audio context. Without a user gesture browsers start it as "suspended": `resume` it at the next click. */
  readonly context: BaseAudioContext;
  /** Resolves once listening has stopped, by `stop` or because the microphone is gone. */
  readonly ended: Promise<void>;
  /** Stops listening. The caller's stream and tracks, or node, keep running. */
  stop(): void;
}

/** The receiver of the samples. */
export interface Listener {
  /** The size of a block at the context's rate. */
  size(rate: number): number;
  /** Called with each block: mono, at the context's rate. */
  samples(samples: Float32Array, rate: number): void;
  /** Called after the last block. */
  stopped(): void;
}

/**
 * Passes the sound of a stream or a node to the listener in blocks.
 *
 * @throws TypeError for a source that is neither, RangeError for a stream without audio, Error if there is no
 *   AudioWorklet or the page's Content Security Policy does not allow loading one from a blob
 */
export async function capture(
  source: MediaStream | AudioNode,
  listener: Listener,
): Promise<Listening> {
  const own = isMediaStream(source);
  if (own) checkTracks(source);
  else if (!isAudioNode(source))
    throw wrong(false, "source", "a MediaStream or an AudioNode", source);
  if (own && typeof AudioContext !== "function")
    throw new Error("listen: expected a page with Web Audio, got none");
  const context = own ? new AudioContext() : source.context;
  try {
    await addCapture(context);
    const input = own
      ? (context as AudioContext).createMediaStreamSource(source)
      : source;
    return connect(context, input, own ? source : null, listener);
  } catch (error) {
    if (own) await (context as AudioContext).close();
    throw error;
  }
}

function connect(
  context: BaseAudioContext,
  input: AudioNode,
  stream: MediaStream | null,
  listener: Listener,
): Listening {
  const rate = context.sampleRate;
  const node = new AudioWorkletNode(context, CAPTURE, {
    channelCount: 1,
    channelCountMode: "explicit",
    processorOptions: { size: listener.size(rate) },
  });
  const tracks = stream?.getAudioTracks() ?? [];
  let stopped = false;
  let end = () => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  const trackEnded = () => {
    if (tracks.every(({ readyState }) => readyState === "ended")) stop();
  };
  const stop = () => {
    if (stopped) return;
    stopped = true;
    for (const track of tracks) track.removeEventListener("ended", trackEnded);
    node.port.onmessage = null;
    node.port.postMessage("stop");
    input.disconnect(node);
    if (stream) void (context as AudioContext).close();
    end();
    listener.stopped();
  };
  for (const track of tracks) track.addEventListener("ended", trackEnded);
  node.port.onmessage = ({ data }: MessageEvent<Float32Array>) =>
    listener.samples(data, rate);
  input.connect(node);
  // not awaited, because without a user gesture it only resolves at the first click
  if (stream) void (context as AudioContext).resume();
  return { context, ended, stop };
}

/** A context needs the module only once. */
const added = new WeakMap<BaseAudioContext, Promise<void>>();

function addCapture(context: BaseAudioContext): Promise<void> {
  if (!context.audioWorklet)
    throw new Error(
      "context: expected an AudioWorklet, got none: the page must be served over https or from localhost",
    );
  let adding = added.get(context);
  if (!adding) {
    const blob = new Blob([CAPTURE_SOURCE], { type: "text/javascript" });
    const url = URL.createObjectURL(blob);
    adding = context.audioWorklet
      .addModule(url)
      .finally(() => URL.revokeObjectURL(url));
    added.set(context, adding);
    adding.catch(() => added.delete(context));
  }
  return adding;
}

const has = (value: unknown, method: string): boolean =>
  typeof value === "object" &&
  value !== null &&
  typeof (value as Record<string, unknown>)[method] === "function";

const isMediaStream = (source: unknown): source is MediaStream =>
  has(source, "getAudioTracks");

const isAudioNode = (source: unknown): source is AudioNode =>
  has(source, "connect") && "context" in (source as object);

function checkTracks(stream: MediaStream): void {
  const tracks = stream.getAudioTracks();
  if (tracks.some(({ readyState }) => readyState !== "ended")) return;
  const got = tracks.length ? "one that has ended" : "none";
  throw new RangeError(message("source", "an audio track", got));
}
