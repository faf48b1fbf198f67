import { median } from "../audio/voice.mjs";
import { PAGE } from "./pages.mjs";

/**
 * How long a page takes from its start until its globalThis.ready, ours and another's in turns, each in a profile that has
 * nothing cached: medians in milliseconds, and what each fetched.
 *
 * @param {Awaited<ReturnType<typeof import("./pages.mjs").openPages>>} pages
 * @param {string} script our page's @param {string} theirs the other page @param {number} rounds
 */
export async function readyInTurns(pages, script, theirs, rounds) {
  pages.made.set("/ours.js", script);
  pages.made.set(
    "/ours.html",
    `${PAGE}<script type="module" src="/ours.js"></script>`,
  );
  pages.made.set("/theirs.html", theirs);
  pages.made.set("/empty.html", PAGE);
  await pages.inFresh("/empty.html", async () => undefined);
  const first = [];
  const second = [];
  for (let i = 0; i < rounds; i++) {
    first.push(await pages.ready("/ours.html"));
    second.push(await pages.ready("/theirs.html"));
  }
  return {
    ours: median(first.map(({ time }) => time)),
    theirs: median(second.map(({ time }) => time)),
    downloads: {
      ours: first[0]?.download ?? [],
      theirs: second[0]?.download ?? [],
    },
  };
}
