import { once } from "node:events";
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Tensor } from "../../src/index.js";
import { score, work } from "../../src/queue/index.js";
import { expectSameTensor } from "../support/compare.js";
import { absent, freePort, impostor, RedisServer } from "./redis.js";
import {
  closeWorkers,
  model,
  sequences,
  startHere,
  Workers,
} from "./session.js";

// Whatever becomes of workers and servers: the right answer, or an error that says what is the matter, in finite time.

const suite = absent
  ? `scoring in bad times [skipped: ${absent}]`
  : "scoring in bad times";

describe.skipIf(absent)(suite, () => {
  const workers = new Workers();
  const { program } = workers;
  const servers: RedisServer[] = [];
  const start = async (...options: string[]) => {
    const server = await RedisServer.start(...options);
    servers.push(server);
    return server;
  };
  const lines = (count: number) =>
    sequences(count)
      .map(({ shape, data }) =>
        JSON.stringify(
          Array.from({ length: shape[0] as number }, (_, t) => [
            ...data.subarray(2 * t, 2 * t + 2),
          ]),
        ),
      )
      .join("\n");
  const read = (name: string) => readFileSync(program.at(name), "utf8");
  const args = (url: string, ...more: string[]) => [
    "score",
    "model.safetensors",
    "rows.jsonl",
    "scores.jsonl",
    "--redis",
    url,
    "--quiet",
    ...more,
  ];
  /** Nothing is left of a failed call: no output, no temporary file. */
  const expectNothing = () =>
    expect(
      readdirSync(program.folder).filter((name) => /scores/.test(name)),
    ).toEqual([]);

  beforeAll(async () => {
    await workers.build();
    writeFileSync(program.at("rows.jsonl"), lines(300));
    await program.execute([
      "run",
      "model.safetensors",
      "rows.jsonl",
      "expected.jsonl",
      "--backend",
      "simd",
      "--quiet",
    ]);
  });
  afterEach(async () => {
    await closeWorkers();
    for (const server of servers.splice(0)) await server.remove();
    rmSync(program.at("scores.jsonl"), { force: true });
  });
  afterAll(() => workers.remove());

  test("a server that is not there, is none, or says nothing is told at once, or when patience ends", async () => {
    const closed = await freePort();
    const http = await impostor((socket) =>
      socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"),
    );
    const garbage = await impostor((socket) => {
      socket.write(Buffer.from([0, 1, 2, 255]));
      socket.on("data", () => socket.write("?!\r\n"));
    });
    const silent = await impostor(() => undefined);
    const hasty = await impostor((socket) => socket.destroy());
    const cases: [string, RegExp][] = [
      [`redis://127.0.0.1:${closed}`, /got connect ECONNREFUSED/],
      [http.url, /got Unknown RESP type 72 "H"$/m],
      [garbage.url, /got Unknown RESP type/],
      [silent.url, /got no answer within 1\.0 s/],
      [hasty.url, /got (Connection is closed|read ECONNRESET|write EPIPE)/],
      [`redis://me:secret@127.0.0.1:${closed}`, /redis:\/\/127\.0\.0\.1:\d+: /],
    ];
    for (const [url, message] of cases) {
      const ended = await program.execute(args(url, "--patience", "1"));
      expect(ended.stderr).toMatch(message);
      expect(ended.stderr).toMatch(/expected a Redis or Valkey server, got/);
      expect(ended.stderr).not.toContain("secret");
      expect(ended.code).toBe(1);
      const queue = { url, patience: 1000 };
      await expect(work({ queue })).rejects.toThrow(message);
    }
    for (const each of [http, garbage, silent, hasty]) each.close();
    expectNothing();
  });

  test("addresses that are none, and a password that is wrong, are refused", async () => {
    const server = await start();
    const admin = server.client();
    await admin.config("SET", "requirepass", "right");
    admin.disconnect();
    for (const [url, message] of [
      ["localhost:6379", /queue\.url: expected redis:\/\/host:port/],
      [server.url, /got NOAUTH/],
      [server.url.replace("//", "//:wrong@"), /got WRONGPASS/],
    ] as const) {
      const ended = await program.execute(args(url, "--patience", "2"));
      expect(ended.stderr).toMatch(message);
      expect(ended.code).toBe(1);
    }
    await expect(
      score([], { queue: { url: server.url, name: "a:b" }, model }).next(),
    ).rejects.toThrow(/queue\.name: expected a name without colons/);
    expectNothing();
  });

  test("a server that stays full is told, one that has room again is used", async () => {
    const server = await start();
    const admin = server.client();
    await admin.config("SET", "maxmemory-policy", "noeviction");
    await admin.set("ballast", "x".repeat(3e6));
    await admin.config("SET", "maxmemory", "2mb");
    const full = await program.execute(args(server.url, "--patience", "1"));
    expect(full.stderr).toMatch(/expected room for .*, got .*OOM/);
    expect(full.code).toBe(1);
    expectNothing();
    await startHere(server);
    const later = program.execute(args(server.url, "--patience", "20"));
    await sleep(500);
    await admin.del("ballast");
    await admin.config("SET", "maxmemory", "0");
    expect(await later).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(read("scores.jsonl")).toBe(read("expected.jsonl"));
    admin.disconnect();
  });

  test("a slow server makes it slow, and a broken line is mended", async () => {
    const server = await start();
    let held = 0;
    // each message is late by 30 ms, and of the first lines most break or say nonsense; not of all, as a busy machine may
    // not get a word in before each breaks
    const line = await impostor((socket) => {
      const behind = connect(server.port, "127.0.0.1");
      const number = held++;
      const pass = (from: typeof socket, to: typeof socket) =>
        from.on("data", (data) => setTimeout(() => to.write(data), 30));
      pass(socket, behind);
      pass(behind, socket);
      behind.on("error", () => undefined);
      socket.on("close", () => behind.destroy());
      behind.on("close", () => socket.destroy());
      if (number > 9) return;
      if (number % 3 === 1) setTimeout(() => socket.write("?!\r\n"), 400);
      if (number % 3 === 2) setTimeout(() => behind.destroy(), 500);
    });
    const through = { url: line.url } as RedisServer;
    await startHere(through);
    const rows = sequences(60);
    let at = 0;
    const queue = { url: line.url, patience: 20_000 };
    for await (const output of score(rows, { queue, model, rows: 4 }))
      expectSameTensor(output, model.forward(rows[at++] as Tensor).output, "");
    expect(at).toBe(60);
    expect(held).toBeGreaterThan(3);
    await closeWorkers();
    line.close();
  });

  test("a server that goes for good is told when patience ends; the file is not there", async () => {
    const server = await start();
    const ended = program.execute(args(server.url, "--patience", "1"));
    await sleep(400);
    await server.stop();
    const { code, stderr } = await ended;
    expect(stderr).toMatch(/expected an answer, got connect ECONNREFUSED/);
    expect(code).toBe(1);
    expectNothing();
  });

  test("workers die and the server restarts: the output is the same, byte for byte", async () => {
    const server = await start("--appendonly", "yes");
    writeFileSync(program.at("rows.jsonl"), lines(6000));
    await program.execute([
      "run",
      "model.safetensors",
      "rows.jsonl",
      "expected.jsonl",
      "--backend",
      "simd",
      "--quiet",
    ]);
    let [one, two] = await Promise.all([
      workers.start(server),
      workers.start(server),
    ]);
    let done = false;
    const scored = program
      .execute(args(server.url, "--rows", "20", "--patience", "30"))
      .finally(() => (done = true));
    let kills = 0;
    const kill = async () => {
      await sleep(150);
      if (done) return;
      one.kill("SIGKILL");
      kills++;
      [one, two] = [two, await workers.start(server)];
    };
    await kill();
    await server.stop("SIGKILL");
    await sleep(200);
    await server.start();
    for (let i = 0; i < 3; i++) await kill();
    expect(await scored).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(kills).toBeGreaterThan(0);
    expect(read("scores.jsonl")).toBe(read("expected.jsonl"));
    for (const each of [one, two]) each.kill("SIGKILL");
  });

  test("a server that has lost all is given it again", async () => {
    const server = await start();
    const rows = sequences(40);
    const options = { queue: server.url, model, rows: 4 };
    const outputs: Tensor[] = [];
    const reading = (async () => {
      for await (const output of score(rows, options)) outputs.push(output);
    })();
    await sleep(500); // nobody works yet
    await server.stop();
    await server.start(); // without a disk
    await startHere(server);
    await reading;
    rows.forEach((row, i) =>
      expectSameTensor(outputs[i] as Tensor, model.forward(row).output, `${i}`),
    );
  });

  test("SIGTERM ends a worker when what it has begun is done", async () => {
    const server = await start();
    // with a lock of a second, a busy machine would have its chunks be taken for a dead worker's
    const worker = await workers.start(server, "--lock", "30");
    const ended = once(worker, "close");
    const scored = program.execute(args(server.url, "--rows", "5"));
    await sleep(200);
    worker.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
    const client = server.client();
    expect(await client.llen("bull:gatewise:active")).toBe(0);
    client.disconnect();
    // the others do the rest
    await startHere(server);
    expect((await scored).code).toBe(0);
    expect(existsSync(program.at("scores.jsonl"))).toBe(true);
    expect(read("scores.jsonl").length).toBeGreaterThan(0);
  });
});
