/** Sums and differences of rows, one after another: to ← a + b, or a - b, or a. */

@unmanaged
class Rows {
  /** What all places are from. */
  from: usize;
  to: usize;
  list: usize;
  count: i32;
  /** Bytes of a row: whole quads. */
  bytes: i32;
}

/** Places in bytes. */
@unmanaged
class RowOf {
  to: i32;
  a: i32;
  b: i32;
  /** 1: a + b, -1: a - b, 0: a alone. */
  sign: i32;
}

export function rows(address: usize): void {
  const call = changetype<Rows>(address);
  let place = call.list;
  for (let left = call.count; left > 0; left--) {
    const row = changetype<RowOf>(place);
    const sign = row.sign;
    let a = call.from + row.a;
    let b = call.from + row.b;
    let to = call.to + row.to;
    const end = to + call.bytes;
    if (sign > 0)
      for (; to < end; to += 16, a += 16, b += 16)
        v128.store(to, f32x4.add(v128.load(a), v128.load(b)));
    else if (sign < 0)
      for (; to < end; to += 16, a += 16, b += 16)
        v128.store(to, f32x4.sub(v128.load(a), v128.load(b)));
    else for (; to < end; to += 16, a += 16) v128.store(to, v128.load(a));
    place += offsetof<RowOf>();
  }
}
