// What a place's reports must say.

/**
 * @param {import("./hosts/host.mjs").Place} place
 * @param {import("./guests/report.mjs").Report} report
 * @param {string | undefined} hash
 * @param {string | undefined} trainedHash
 * @param {(backend: string) => string | undefined} stoppedHash of the file of a training that was stopped: what one place
 *   wrote, the others wrote too, so that each goes on from where another was
 * @returns {string[]} what is wrong
 */
export function checkPlace(
  place,
  { facts, results, trained, chosen, many },
  hash,
  trainedHash,
  stoppedHash,
) {
  const found = results.flatMap(({ failures }) => failures);
  /** @type {(what: string, expected: unknown, got: unknown) => void} */
  const same = (what, expected, got) => {
    if (got !== expected)
      found.push(`${what}: expected ${expected}, got ${got}`);
  };
  for (const [name, value] of Object.entries(place.facts))
    same(name, value, Reflect.get(facts, name));
  const names = results.map(({ backend }) => backend);
  same("backends", place.backends.join(", "), names.join(", "));
  same("chosen", place.backends[0], chosen);
  for (const { backend, hash: got, of, distinct } of results) {
    same(`${backend}, different outputs`, of, distinct);
    if (backend !== "relaxed") same(`${backend}, hash`, hash, got);
  }
  for (const { backend, hash: got, stopped, resumed } of trained) {
    same(`${backend}, hash of a training taken up again`, got, resumed);
    if (backend === "relaxed") continue;
    same(`${backend}, hash of a training`, trainedHash, got);
    same(`${backend}, hash of a checkpoint`, stoppedHash(backend), stopped);
  }
  same("many models", "run", many);
  return found;
}

/**
 * No speed-up is asked for: other work may have the second core.
 *
 * @param {import("./guests/pool.mjs").PoolReport} report
 */
export function checkPool({ problems, one, cancelled }) {
  const found = [...problems];
  if (!(cancelled < one))
    found.push(`cancel: expected less than ${one} ms, got ${cancelled}`);
  return found;
}

/**
 * Two threads, but in a page that is not isolated, which says why it has one.
 *
 * @param {string} place
 * @param {import("./guests/threads.mjs").ThreadsReport} report
 */
export function checkThreads(place, { threads, reason, calls, problems }) {
  const found = [...problems];
  const wanted = place === "a page" ? 1 : 2;
  if (threads !== wanted)
    found.push(`expected ${wanted} threads, got ${threads}: ${reason}`);
  if (wanted === 2 ? calls < 1 : !/isolated|headers/.test(String(reason)))
    found.push(`got ${calls} calls, ${reason}`);
  return found;
}

/** @param {import("./guests/audio.mjs").AudioReport} report */
export function checkAudio({ runs }) {
  const found = [];
  for (const { quanta, resets, clock } of runs)
    if (quanta !== 22_500 || resets !== 0 || clock !== "shared")
      found.push(
        `expected 22500 quanta, no reset, a shared clock, got ${quanta}, ${resets}, ${clock}`,
      );
  // a quiet machine needs 0.03 of the time that there is; one that does other things must still keep up
  const load = Math.min(...runs.map((run) => run.load));
  if (!(load < 0.5)) found.push(`load: expected at most 0.5, got ${load}`);
  return found;
}
