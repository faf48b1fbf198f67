/*
 * Planes as they come, into planes with zeros around their rows, and every `step`-th number of a row in a row of its own:
 *
 *      [ x x x x x x ]  →  [ 0 x x x 0 ][ x x x 0 0 ]        each a run: zeros, the row's own, zeros
 */

@unmanaged
class Pad {
  from: usize;
  to: usize;
  channels: i32;
  /** Bytes from one channel to the next. */
  fromBytes: i32;
  toBytes: i32;
  runs: usize;
  count: i32;
}

/** In the order of their places; all in bytes but for how many there are. */
@unmanaged
class PadRun {
  /** Where it begins in a channel's planes. */
  to: i32;
  from: i32;
  before: i32;
  own: i32;
  behind: i32;
  step: i32;
}

/** Zeros of up to three numbers too many, which what comes next writes over. */
@inline
function zeros(to: usize, count: i32): usize {
  const end = to + (count << 2);
  for (; to < end; to += 16) v128.store(to, i32x4.splat(0));
  return end;
}


@inline
function channel(first: usize, from: usize, to: usize, end: usize): void {
  for (; first < end; first += offsetof<PadRun>()) {
    const run = changetype<PadRun>(first);
    let at = zeros(to + run.to, run.before);
    const behind = at + (run.own << 2);
    const step = run.step;
    let x = from + run.from;
    if (step == 4)
      for (; at < behind; at += 16, x += 16) v128.store(at, v128.load(x));
    else for (; at < behind; at += 4, x += step) store<f32>(at, load<f32>(x));
    zeros(behind, run.behind);
  }
}

/** to [channels, toBytes] ← the runs of from [channels, fromBytes]. */
export function pad(address: usize): void {
  const call = changetype<Pad>(address);
  const end = call.runs + call.count * offsetof<PadRun>();
  let from = call.from;
  let to = call.to;
  for (let left = call.channels; left > 0; left--) {
    channel(call.runs, from, to, end);
    from += call.fromBytes;
    to += call.toBytes;
  }
}
