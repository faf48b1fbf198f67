import { afterAll, afterEach, beforeAll, expect } from "vitest";
import {
  hostStreams,
  type LiveStream,
  openStreams,
  type StreamHost,
  type Streams,
} from "../../src/queue/index.js";
import { RedisServer } from "./redis.js";
import { model } from "./session.js";

/** A server of its own for the tests of a file, empty before each; hosts and clients that end with the test. */
export function liveSession() {
  let server: RedisServer;
  const hosts: StreamHost[] = [];
  const clients: Streams[] = [];
  const queue = () => ({ url: server.url, patience: 5000 });

  beforeAll(async () => {
    server = await RedisServer.start("--appendonly", "yes");
  });
  afterEach(async () => {
    for (const host of hosts.splice(0)) await host.close();
    for (const client of clients.splice(0)) await client.close();
    const redis = server.client();
    await redis.flushall();
    redis.disconnect();
  });
  afterAll(() => server.remove());

  return {
    get server(): RedisServer {
      return server;
    },

    async startHost(
      more: Partial<Parameters<typeof hostStreams>[0]> = {},
    ): Promise<StreamHost> {
      const host = await hostStreams({
        queue: queue(),
        leaseMs: 400,
        ...more,
      });
      hosts.push(host);
      return host;
    },

    async startClient(
      more: Partial<Parameters<typeof openStreams>[0]> = {},
    ): Promise<Streams> {
      const client = await openStreams({ queue: queue(), model, ...more });
      clients.push(client);
      return client;
    },

    /** Reads `count` answers of `size` numbers, which must come in order, each once. */
    async read(
      stream: LiveStream,
      count: number,
      size = 3,
      gap: { worst: number } = { worst: 0 },
    ): Promise<Float32Array> {
      const all = new Float32Array(size * count);
      let at = 0;
      let before = performance.now();
      for await (const { first, data } of stream.answers()) {
        gap.worst = Math.max(gap.worst, performance.now() - before);
        before = performance.now();
        expect(first).toBe(at);
        all.set(data, size * at);
        at += data.length / size;
        if (at >= count) break;
      }
      expect(at).toBe(count);
      return all;
    },
  };
}
