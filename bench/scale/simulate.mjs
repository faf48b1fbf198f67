/**
 * Blocks of frames on their way: a client sends, Redis keeps, a host answers, Redis keeps, the client reads. Each of these
 * is one thread, which does one thing at a time; the cores are shared out evenly among those that have something to do.
 */

/**
 * @typedef {object} Costs CPU in microseconds a block
 * @property {number} client
 * @property {number} redis
 * @property {number} host
 */

/**
 * @param {Costs} costs
 * @param {{ hosts: number, clients?: number, servers?: number, cores: number, streams: number, window: number, offered?: number }} plan
 *   window: blocks of a stream that may be out; offered: blocks a second that come, all that fit without it
 * @returns {{ blocksPerSecond: number, busy: { client: number, redis: number, host: number }, lagMs: number }}
 */
export function simulate(
  costs,
  {
    hosts,
    clients = 1,
    servers = 1,
    cores,
    streams,
    window,
    offered = Infinity,
  },
) {
  const TICK = 1000; // µs
  const TICKS = 4000;
  /** Threads of each kind, and the blocks that wait for them. Redis has a block twice, at half its cost. */
  const stations = [
    { kind: "client", threads: clients, cost: costs.client, queue: 0, used: 0 },
    { kind: "redis", threads: servers, cost: costs.redis, queue: 0, used: 0 },
    { kind: "host", threads: hosts, cost: costs.host, queue: 0, used: 0 },
  ];
  const [client, redis, host] = /** @type {[any, any, any]} */ (stations);
  let [out, done, waited] = [0, 0, 0];
  const most = streams * window;
  for (let tick = 0; tick < TICKS; tick++) {
    const coming = Math.min(most - out, (offered * TICK) / 1e6);
    client.queue += coming;
    out += coming;
    const active = stations.map(({ threads, cost, queue }) =>
      Math.min(threads, (queue * cost) / TICK),
    );
    const wanted = active.reduce((a, b) => a + b, 0);
    const share = Math.min(1, cores / Math.max(wanted, 1e-9));
    const finished = stations.map((station, i) => {
      const time = /** @type {number} */ (active[i]) * share * TICK;
      station.used += time;
      const blocks = Math.min(station.queue, time / station.cost);
      station.queue -= blocks;
      return blocks;
    });
    const [sent = 0, kept = 0, answered = 0] = finished;
    redis.queue += sent;
    host.queue += kept;
    done += answered;
    out -= answered;
    waited += out * TICK;
  }
  const time = TICKS * TICK;
  const busy = Object.fromEntries(
    stations.map(({ kind, used, threads }) => [kind, used / time / threads]),
  );
  return {
    blocksPerSecond: (done / time) * 1e6,
    busy: /** @type {any} */ (busy),
    lagMs: waited / Math.max(done, 1) / 1000,
  };
}
