/** How far apart neighbours of each axis lie in row-major data. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis] as number;
  }
  return strides;
}

/** Where in the source each number of a result of this shape lies, in order. */
export function offsets(
  shape: readonly number[],
  strides: readonly number[],
  count: number,
  start = 0,
): Int32Array {
  const list = new Int32Array(count);
  if (count === 0) return list;
  const index = shape.map(() => 0);
  const last = shape.length - 1;
  const inner = shape[last] ?? 1;
  const step = strides[last] ?? 0;
  let from = start;
  for (let at = 0; at < count;) {
    for (let i = 0; i < inner; i++) list[at++] = from + i * step;
    for (let axis = last - 1; axis >= 0; axis--) {
      from += strides[axis] as number;
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (shape[axis] as number)) break;
      from -= (strides[axis] as number) * (shape[axis] as number);
      index[axis] = 0;
    }
  }
  return list;
}
