import { createServer } from "node:net";

/** Milliseconds that anything may take before it counts as hanging: other work may have the machine, too. */
export const PATIENCE = 300_000;

/** @returns {Promise<number>} a port that nothing listens on */
export const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        resolve(typeof address === "object" ? (address?.port ?? 0) : 0),
      );
    });
  });

/** Asks a server that may have to start first. */
export async function ask(/** @type {string} */ url) {
  for (const end = Date.now() + PATIENCE; ;) {
    try {
      return await fetch(url);
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
