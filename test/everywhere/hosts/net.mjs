import { createServer } from "node:net";

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

/** Asks a server that may have to start first, for 20 s. */
export async function ask(/** @type {string} */ url) {
  for (let tries = 0; ; tries++) {
    try {
      return await fetch(url);
    } catch (error) {
      if (tries === 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
