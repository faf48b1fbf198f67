import { describe, expect, test } from "vitest";
import {
  FormatError,
  VoiceActivity,
  type VoiceActivityOptions,
} from "../../src/audio/index.js";
import { Linear, Sequential } from "../../src/index.js";
import { all, make, parrot } from "./parrot.js";

describe("what VoiceActivity refuses", () => {
  const model = parrot(512);
  test.each<[string, object, new (text: string) => Error, string]>([
    [
      "no options",
      undefined as never,
      TypeError,
      "options: expected an object, got undefined",
    ],
    [
      "no model",
      {},
      TypeError,
      "model: expected a model, or the bytes of one, got undefined",
    ],
    [
      "a server's page for a model",
      { model: new TextEncoder().encode("\n<!DOCTYPE html><h1>404</h1>") },
      FormatError,
      "model: expected the bytes of a model, got a page of HTML: is the address right?",
    ],
    [
      "a misspelt option",
      { model, redemptionFrames: 3 },
      RangeError,
      "options: expected only onFrameProcessed",
    ],
    [
      "a threshold",
      { model, positiveSpeechThreshold: 1.5 },
      RangeError,
      "positiveSpeechThreshold: expected a number from 0 to 1, got 1.5",
    ],
    [
      "thresholds the wrong way round",
      { model, positiveSpeechThreshold: 0.2 },
      RangeError,
      "negativeSpeechThreshold: expected at most positiveSpeechThreshold, 0.2, got 0.25",
    ],
    [
      "a duration",
      { model, redemptionMs: -1 },
      RangeError,
      "redemptionMs: expected a number",
    ],
    [
      "a duration as text",
      { model, minSpeechMs: "400" },
      TypeError,
      "minSpeechMs: expected a number",
    ],
    [
      "a handler",
      { model, onSpeechEnd: "x" },
      TypeError,
      'onSpeechEnd: expected a function, got "x"',
    ],
    [
      "a rate",
      { model, sampleRate: 0 },
      RangeError,
      "sampleRate: expected a positive integer, got 0",
    ],
    [
      "a rate that is no number",
      { model, sampleRate: "16000" },
      TypeError,
      "sampleRate: expected a positive integer",
    ],
    [
      "no bytes",
      { model: new Uint8Array(0) },
      FormatError,
      "model: expected the bytes of a model, got none",
    ],
    [
      "bytes that are no model",
      { model: new TextEncoder().encode("RIFF....WAVEfmt ") },
      FormatError,
      "",
    ],
    [
      "a model of another kind",
      {
        model: new Sequential([new Linear({ inputSize: 512, outputSize: 2 })]),
      },
      RangeError,
      "model: expected 1 number for a frame, got 2",
    ],
  ])("%s", (_, options, Kind, text) => {
    let thrown: unknown;
    try {
      new VoiceActivity(options as VoiceActivityOptions);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(Kind);
    expect((thrown as Error).message).toContain(text);
  });

  test("samples that are none, in process and from a source", async () => {
    const vad = make();
    expect(() => vad.process([0] as never)).toThrow(
      new TypeError(
        "samples: expected a Float32Array, got an array of length 1",
      ),
    );
    await expect(
      all(vad.segments([new Int16Array(3)] as never)),
    ).rejects.toThrow(TypeError);
    await expect(all(vad.segments(7 as never))).rejects.toThrow(
      /^source: expected /,
    );
  });

  test("a source that fails passes its error on", async () => {
    async function* broken() {
      yield new Float32Array(600);
      throw new Error("unplugged");
    }
    await expect(all(make().segments(broken()))).rejects.toThrow("unplugged");
  });

  test("listening to what is neither a stream nor a node, or where nothing is to be heard", async () => {
    await expect(make().listen({} as never)).rejects.toThrow(
      new TypeError(
        "source: expected a MediaStream or an AudioNode, got an object",
      ),
    );
    await expect(
      make().listen({ getAudioTracks: () => [] } as never),
    ).rejects.toThrow(
      new RangeError("source: expected an audio track, got none"),
    );
    // outside of pages there is none
    const live = { getAudioTracks: () => [{ readyState: "live" }] };
    await expect(make().listen(live as never)).rejects.toThrow(
      new Error("listen: expected a page with Web Audio, got none"),
    );
  });
});
