import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { State } from "../../src/index.js";
import {
  expectSameBits,
  expectSameState,
  expectSameTensor,
} from "../support/compare.js";
import {
  configurations,
  realise,
  settings,
} from "../support/configurations.js";
import { backends, create } from "../support/layers.js";
import { at, backwards, join, slice, stateOfRow } from "../support/tensors.js";
import { chunks, cuts, lastSteps } from "../support/chunks.js";

// What must hold for every layer, size, direction and state, to the last bit.

test("js equals simd", () => {
  fc.assert(
    fc.property(
      configurations(),
      fc.boolean(),
      (configuration, withLengths) => {
        const [simd, js] = (["simd", "js"] as const).map((backend) => {
          const { layer, input, start, random } = realise(
            configuration,
            backend,
          );
          const lengths = random.lengths(
            configuration.batch,
            configuration.time,
          );
          return layer.forward(
            input,
            withLengths ? { ...start, lengths } : start,
          );
        });
        expectSameTensor(js!.output, simd!.output, "output");
        expectSameState(js!.state, simd!.state);
      },
    ),
    { ...settings, numRuns: 150 },
  );
});

describe.each(backends)("on %s", (backend) => {
  test("forward in uneven chunks, each from the state of the one before, equals the whole", () => {
    fc.assert(
      fc.property(
        configurations(["forward", "reverse"]),
        cuts(),
        (configuration, sizes) => {
          const { layer, input, start } = realise(configuration, backend);
          const whole = layer.forward(input, start);
          const reverse = configuration.options.direction === "reverse";
          // A reverse layer starts at the end: its first chunk is the last one in time.
          const spans = chunks(configuration.time, sizes);
          let state: State | undefined = start.state;
          for (const [from, to] of reverse ? spans.reverse() : spans) {
            const part = layer.forward(
              slice(input, 1, from, to),
              state && { state },
            );
            expectSameTensor(
              part.output,
              slice(whole.output, 1, from, to),
              `output of steps ${from} to ${to}`,
            );
            state = part.state;
          }
          expectSameState(state!, whole.state);
        },
      ),
      settings,
    );
  });

  test("a stream fed uneven blocks, by run and by step, equals forward", () => {
    fc.assert(
      fc.property(
        configurations(["forward"]),
        cuts(),
        (configuration, sizes) => {
          const { layer, input, start } = realise(configuration, backend);
          const row = configuration.batch - 1;
          const whole = layer.forward(input, start);
          const output = at(whole.output, 0, row);
          const stream = layer.stream(
            start.state && { state: stateOfRow(start.state, row) },
          );
          for (const [from, to] of chunks(configuration.time, sizes)) {
            const frames = slice(at(input, 0, row), 0, from, to);
            const result =
              to - from === 1
                ? stream.step(frames.data)
                : stream.run(frames.data);
            expectSameBits(
              result,
              slice(output, 0, from, to).data,
              `output of steps ${from} to ${to}`,
            );
          }
          expectSameState(stream.state, stateOfRow(whole.state, row));
        },
      ),
      settings,
    );
  });

  test("a row of a batch equals its own run, with and without a batch axis", () => {
    fc.assert(
      fc.property(configurations(), (configuration) => {
        const { layer, input, start } = realise(configuration, backend);
        const whole = layer.forward(input, start);
        for (let b = 0; b < configuration.batch; b++) {
          const state = start.state && stateOfRow(start.state, b);
          const alone = layer.forward(at(input, 0, b), state && { state });
          expectSameTensor(alone.output, at(whole.output, 0, b), `row ${b}`);
          expectSameState(
            alone.state,
            stateOfRow(whole.state, b),
            `state of row ${b}`,
          );
        }
      }),
      settings,
    );
  });

  test("lengths equal running each sequence alone: 0 past its end, the state of its own last step", () => {
    fc.assert(
      fc.property(configurations(), (configuration) => {
        const { layer, input, start, random } = realise(configuration, backend);
        const { batch, time } = configuration;
        const lengths = random.lengths(batch, time);
        const whole = layer.forward(input, { ...start, lengths });
        lengths.forEach((length, b) => {
          const state = start.state && stateOfRow(start.state, b);
          const alone = layer.forward(
            slice(at(input, 0, b), 0, 0, length),
            state && { state },
          );
          const output = at(whole.output, 0, b);
          expectSameTensor(
            slice(output, 0, 0, length),
            alone.output,
            `row ${b}`,
          );
          const past = slice(output, 0, length, time).data;
          expectSameBits(
            past,
            new Float32Array(past.length),
            `row ${b} past its end`,
          );
          expectSameState(
            stateOfRow(whole.state, b),
            alone.state,
            `state of row ${b}`,
          );
        });
      }),
      settings,
    );
  });

  test("reverse equals forward over the sequence turned round", () => {
    fc.assert(
      fc.property(configurations(["reverse"]), (configuration) => {
        const { layer, input, start } = realise(configuration, backend);
        const { kind, options } = configuration;
        const forward = create(kind, {
          ...options,
          direction: "forward",
          backend,
        }).loadStateDict(layer.stateDict());
        const turned = forward.forward(backwards(input), start);
        const { output, state } = layer.forward(input, start);
        expectSameTensor(output, backwards(turned.output), "output");
        expectSameState(state, turned.state);
      }),
      settings,
    );
  });

  test("returnSequences false gives each direction's last computed step: for reverse, time 0", () => {
    fc.assert(
      fc.property(
        configurations(),
        fc.boolean(),
        (configuration, withLengths) => {
          const { kind, options, batch, time } = configuration;
          const { layer, input, start, random } = realise(
            configuration,
            backend,
          );
          const last = create(kind, {
            ...options,
            returnSequences: false,
            backend,
          }).loadStateDict(layer.stateDict());
          const lengths = withLengths
            ? random.lengths(batch, time)
            : Array<number>(batch).fill(time);
          const given = withLengths ? { ...start, lengths } : start;
          const whole = layer.forward(input, given);
          const { output, state } = last.forward(input, given);
          const expected = lengths.map((length, b) =>
            lastSteps(at(whole.output, 0, b), length, options.direction!),
          );
          expect(output.shape).toEqual([batch, whole.output.shape[2]]);
          expectSameBits(output.data, join(expected), "output");
          expectSameState(state, whole.state);
        },
      ),
      settings,
    );
  });
});
