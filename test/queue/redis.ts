import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";

/** Debian's, or any other on the path; Valkey's goes by its own name. */
const program = ["redis-server", "valkey-server"].find(
  (name) => spawnSync(name, ["--version"]).status === 0,
);

/** Why tests are skipped; null where they run. */
export const absent = program ? null : "no redis-server on this machine";

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address && typeof address === "object") return address.port;
  throw new Error("no port");
}

/** A server of the tests' own, in a folder of its own. */
export class RedisServer {
  readonly folder = mkdtempSync(join(tmpdir(), "gatewise-redis-"));
  readonly port: number;
  readonly #options: readonly string[];
  #process: ChildProcess | null = null;

  private constructor(port: number, options: readonly string[]) {
    this.port = port;
    this.#options = options;
  }

  static async start(...options: string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), options);
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Again, with what it has on its disk. */
  async start(): Promise<void> {
    const args = ["--port", `${this.port}`, "--dir", this.folder];
    const quiet = [
      "--save",
      "",
      "--bind",
      "127.0.0.1",
      "--loglevel",
      "warning",
    ];
    const child = spawn(
      program as string,
      [...args, ...quiet, ...this.#options],
      {
        stdio: "ignore",
      },
    );
    this.#process = child;
    const redis = this.client();
    try {
      await redis.ping();
    } finally {
      redis.disconnect();
    }
  }

  /** One that waits until the server is there. */
  client(): Redis {
    const redis = new Redis(this.url, {
      maxRetriesPerRequest: null,
      retryStrategy: () => 20,
    });
    redis.on("error", () => undefined);
    return redis;
  }

  kill(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  async stop(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (!child || child.exitCode !== null || child.signalCode) return;
    child.kill(signal);
    await once(child, "exit");
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true });
  }
}

/** Something on a port that is no Redis: `answer` gets each connection. */
export async function impostor(
  answer: (socket: Socket) => void,
): Promise<{ url: string; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    answer(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address() as { port: number };
  return {
    url: `redis://127.0.0.1:${address.port}`,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
