import { type ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Embedding, Linear, Sequential } from "../../src/index.js";
import { Scripts } from "../../src/queue/streams/scripts.js";
import { expectSameBits } from "../support/compare.js";
import { Random } from "../support/random.js";
import { liveSession } from "./live-session.js";
import { absent } from "./redis.js";
import { model, options, Workers } from "./session.js";

const suite = absent ? `live streams [skipped: ${absent}]` : "live streams";

describe.skipIf(absent)(suite, () => {
  const workers = new Workers();
  beforeAll(() => workers.build());
  afterAll(() => workers.remove());
  const live = liveSession();
  const { startHost, startClient, read } = live;
  const frames = (count: number, seed: number) =>
    new Random(seed).floats(2 * count);

  const expectAnswers = (actual: Float32Array, given: Float32Array) =>
    expectSameBits(actual, model.stream().run(given));

  test("a stream that is opened twice at once is one", async () => {
    await startHost({});
    const client = await startClient();
    const [stream, again] = await Promise.all([
      client.open("twice"),
      client.open("twice"),
    ]);
    expect(again).toBe(stream);
    expect(await client.open("twice")).toBe(stream);
    await stream.remove();
  });

  test("answers are those of the whole sequence, to the bit", async () => {
    await startHost({ checkpoint: 7 });
    const client = await startClient();
    const given = frames(100, 1);
    const stream = await client.open("a");
    const answers = read(stream, 100);
    for (let at = 0; at < 200; at += 2 * 5)
      await stream.push(given.subarray(at, at + 10));
    expectAnswers(await answers, given);
    expect(stream.position).toBe(100);
    await stream.remove();
    const redis = live.server.client();
    expect(await redis.keys("*:s:*")).toEqual([]);
    redis.disconnect();
  });

  test("a stream goes on where it is, whoever opens it, and with whom it lives", async () => {
    const given = frames(60, 2);
    const first = await startHost({ checkpoint: 1000 });
    let client = await startClient();
    let stream = await client.open("a");
    await stream.push(given.subarray(0, 40));
    const begin = await read(stream, 20);
    await first.close(); // hands over, checkpoint or not
    await client.close();
    client = await startClient();
    stream = await client.open("a");
    expect(stream.position).toBe(20);
    await stream.push(given.subarray(40));
    await startHost();
    const answers: number[] = [...begin.subarray(0, 0)];
    let from = -1;
    for await (const { first, data } of stream.answers()) {
      if (from < 0) from = first;
      answers.push(...data);
      if (first + data.length / 3 === 60) break;
    }
    // what was read for certain does not come again
    const expected = model.stream().run(given);
    expectSameBits(Float32Array.from(answers), expected.slice(3 * from));
  });

  test("push waits while nobody reads, and idle streams are put aside", async () => {
    const host = await startHost({ idleMs: 100 });
    const client = await startClient({ limit: 10 });
    const stream = await client.open("a");
    const given = frames(30, 3);
    let pushed = 0;
    const pushing = (async () => {
      for (let at = 0; at < 60; at += 10) {
        await stream.push(given.subarray(at, at + 10));
        pushed += 5;
      }
    })();
    await sleep(400);
    expect(pushed).toBe(10);
    await expect.poll(() => host.load.streams, { timeout: 3000 }).toBe(0);
    const answers = read(stream, 30);
    await pushing;
    expectAnswers(await answers, given);
    expect(host.load.streams).toBe(1);
  });

  test("a loop over answers that ends makes room when the next one begins", async () => {
    await startHost();
    const client = await startClient({ limit: 10 });
    const stream = await client.open("a");
    const given = frames(30, 4);
    const answers: number[] = [];
    for (let at = 0; at < 30; at += 10) {
      const pushed = stream.push(given.subarray(2 * at, 2 * (at + 10)));
      for await (const { first, data } of stream.answers()) {
        expect(first).toBe(answers.length / 3);
        answers.push(...data);
        if (answers.length === 3 * (at + 10)) break;
      }
      await pushed;
    }
    expectAnswers(Float32Array.from(answers), given);
  });

  test("more streams than a host has room for take turns", async () => {
    const host = await startHost({ streams: 3, idleMs: 50 });
    const client = await startClient();
    const given = Array.from({ length: 10 }, (_, i) => frames(12, i));
    await Promise.all(
      given.map(async (each, i) => {
        const stream = await client.open(`s${i}`);
        const answers = read(stream, 12);
        await stream.push(each.subarray(0, 10));
        await stream.push(each.subarray(10));
        expectAnswers(await answers, each);
        expect(host.load.streams).toBeLessThanOrEqual(3);
      }),
    );
  });

  test("a host that was taken to be dead and is not changes nothing", async () => {
    // its token is old: each script is tried with it, in every state of the stream
    const redis = live.server.client();
    const prefix = "gatewise:{gatewise}:";
    const scripts = new Scripts(redis, prefix);
    const frame = Buffer.from(Float32Array.of(1, 2).buffer);
    await scripts.run("open", "a", "model", 8, "reader");
    expect(await scripts.run("push", "a", 0, frame, 100)).toEqual([1, 1]);
    await scripts.run("beat", "old", 1, 1);
    expect(await scripts.run("take", "old", 9, 9)).toEqual([["a", 1, 1]]);
    await sleep(20);
    await scripts.run("reap", 100);
    await scripts.run("beat", "new", 10_000, 1);
    expect(await scripts.run("beat", "old", 10_000, 0)).toBe(0);
    expect(await scripts.run("take", "old", 9, 9)).toEqual([]);
    expect(await scripts.run("take", "new", 9, 9)).toEqual([["a", 2, 1]]);
    const answer = Buffer.alloc(12);
    const commit = (host: string, token: number, first: number) =>
      scripts.run(
        "commit",
        "a",
        host,
        token,
        first,
        12,
        answer,
        1,
        "state",
        "2-0",
      );
    expect(await commit("old", 1, 0)).toEqual([0, 0]);
    expect(await commit("new", 1, 0)).toEqual([0, 0]);
    expect(await scripts.run("release", "a", "old", 1, 1, "bad", "2-0")).toBe(
      0,
    );
    expect(await scripts.run("refuse", "a", "old", 1, "bad")).toBe(0);
    expect(await redis.hget(`${prefix}s:a`, "state")).toBe(null);
    expect(await commit("new", 2, 0)).toEqual([1, 0]);
    // word of it was lost, and it is done again: once is once
    expect(await commit("new", 2, 0)).toEqual([1, 0]);
    expect(await redis.xlen(`${prefix}s:a:out`)).toBe(1);
    expect(await redis.hget(`${prefix}s:a`, "done")).toBe("1");
    // frames likewise; a part of a block that is there already is left out, a gap is refused
    const two = Buffer.concat([frame, frame]);
    expect(await scripts.run("push", "a", 0, frame, 100)).toEqual([1, 1]);
    expect(await scripts.run("push", "a", 0, two, 100)).toEqual([2, 2]);
    expect(await scripts.run("push", "a", 7, two, 100)).toEqual([-2, 2]);
    expect(await scripts.run("push", "a", 2, two, 3)).toEqual([-3, 2]);
    expect(await scripts.run("push", "b", 0, two, 3)).toEqual([-1, 0]);
    await expect(commit("new", 2, 5)).rejects.toThrow(/answers are missing/);
    redis.disconnect();
  });

  test("processes are killed, stopped and started, the server too: no answer is lost, doubled or other", async () => {
    const count = 60;
    const length = 120;
    const more = ["--lease", "0.5", "--checkpoint", "20"];
    let processes: ChildProcess[] = await Promise.all([
      workers.start(live.server, ...more),
      workers.start(live.server, ...more),
    ]);
    const client = await startClient({
      queue: { url: live.server.url, patience: 20_000 },
    });
    const gap = { worst: 0 };
    let done = false;
    const streams = Promise.all(
      Array.from({ length: count }, async (_, i) => {
        const given = frames(length, 100 + i);
        const stream = await client.open(`s${i}`);
        const answers = read(stream, length, 3, gap);
        for (let at = 0; at < 2 * length; at += 12) {
          await stream.push(given.subarray(at, at + 12));
          await sleep(100);
        }
        expectAnswers(await answers, given);
      }),
    ).finally(() => (done = true));
    const signals: NodeJS.Signals[] = ["SIGKILL", "SIGTERM", "SIGSTOP"];
    for (let i = 0; i < 3 && !done; i++) {
      await sleep(300);
      const [oldest, ...others] = processes as [ChildProcess];
      oldest.kill(signals[i]);
      // one that stands still comes to life again when others have its streams
      if (i === 2) setTimeout(() => oldest.kill("SIGCONT"), 1500);
      processes = [...others, await workers.start(live.server, ...more)];
      if (i !== 0) continue;
      await live.server.stop("SIGKILL");
      await live.server.start();
    }
    await streams;
    for (const each of processes) each.kill("SIGKILL");
    expect(gap.worst).toBeLessThan(60_000);
  });

  test("a stream of another model, and frames that are none, are refused", async () => {
    const words = new Sequential([
      new Embedding({ vocabSize: 5, size: 2, seed: 1 }),
      new Linear({ inputSize: 2, outputSize: 3, seed: 2, ...options }),
    ]);
    const host: string[] = [];
    await startHost({ onError: ({ message }) => host.push(message) });
    const client = await startClient();
    const tokens = await startClient({ model: words });
    const stream = await client.open("a");
    await expect(tokens.open("a")).rejects.toThrow(
      /stream a: expected a stream of model/,
    );
    await expect(stream.push([1, 2, 3])).rejects.toThrow(
      /frames: expected n · 2 numbers/,
    );
    await expect(stream.push(["1", "2"] as never)).rejects.toThrow(
      /frames\[0\]: expected a number/,
    );
    await expect(client.open("a:b")).rejects.toThrow(/id: expected a name/);
    const bad = await tokens.open("b");
    await bad.push([1, 9]);
    await expect(bad.answers().next()).rejects.toThrow(/stream b: .*frames/);
    await expect(bad.push([1])).rejects.toThrow(/stream b: /);
    expect(host.join()).toMatch(/stream b/);
    // others go on
    await stream.push([1, 2]);
    expect((await stream.answers().next()).value?.first).toBe(0);
  });

  test("a server that refuses the model for a while does not end its streams", async () => {
    const errors: string[] = [];
    const client = await startClient();
    const redis = live.server.client();
    await redis.acl("SETUSER", "default", "-get");
    try {
      await startHost({ onError: ({ message }) => errors.push(message) });
      const stream = await client.open("a");
      const given = frames(5, 6);
      await stream.push(given);
      await expect.poll(() => errors.join()).toMatch(/the model, got NOPERM/);
      await redis.acl("SETUSER", "default", "+get");
      expectAnswers(await read(stream, 5), given);
    } finally {
      await redis.acl("SETUSER", "default", "+get");
      redis.disconnect();
    }
  });
});
