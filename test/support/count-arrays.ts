/** How many typed arrays are made while `run` runs: by `new`, and by copies and views of others. */
export function countArrays(run: () => void): number {
  let count = 0;
  const { Float32Array: f32, Float64Array: f64, Int32Array: i32 } = globalThis;
  const counted = <T extends new (...args: never[]) => object>(own: T): T =>
    new Proxy(own, {
      construct(target, args, as) {
        count++;
        return Reflect.construct(
          target as never,
          args,
          as === own ? target : as,
        );
      },
    });
  const proto = Object.getPrototypeOf(f32.prototype);
  const { slice, subarray } = proto;
  try {
    globalThis.Float32Array = counted(f32);
    globalThis.Float64Array = counted(f64);
    globalThis.Int32Array = counted(i32);
    proto.slice = function (...args: never[]) {
      count++;
      return slice.apply(this, args);
    };
    proto.subarray = function (...args: never[]) {
      count++;
      return subarray.apply(this, args);
    };
    run();
  } finally {
    globalThis.Float32Array = f32;
    globalThis.Float64Array = f64;
    globalThis.Int32Array = i32;
    Object.assign(proto, { slice, subarray });
  }
  return count;
}
