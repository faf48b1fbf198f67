// @ts-nocheck: see ../runner.mjs.

/* Models of floats: convolutions and pools. */
import { Maker } from "../maker.mjs";

const window = (more) => ({
  padding: "VALID",
  stride_w: 1,
  stride_h: 1,
  fused_activation_function: "NONE",
  dilation_w_factor: 1,
  dilation_h_factor: 1,
  ...more,
});

export function convolution() {
  const m = new Maker(4);
  const x = m.input("x", [1, 7, 6, 3]);
  const filter = m.constant([4, 3, 2, 3]);
  const bias = m.constant([4]);
  m.output(
    m.op(
      "CONV_2D",
      [x, filter, bias],
      window({
        padding: "SAME",
        stride_h: 2,
        fused_activation_function: "RELU",
      }),
    ),
  );
  m.output(
    m.op("CONV_2D", [x, filter, bias], window({ dilation_h_factor: 2 })),
  );
  m.output(
    m.op("CONV_2D", [x, m.constant([5, 1, 1, 3]), m.constant([5])], window()),
  );
  const deep = (size) => ({ depth_multiplier: size });
  m.output(
    m.op(
      "DEPTHWISE_CONV_2D",
      [x, m.constant([1, 3, 3, 3]), m.constant([3])],
      window({ padding: "SAME", ...deep(1) }),
    ),
  );
  m.output(
    m.op(
      "DEPTHWISE_CONV_2D",
      [x, m.constant([1, 2, 3, 6]), m.constant([6])],
      window({ stride_w: 2, stride_h: 2, ...deep(2) }),
    ),
  );
  const pool = {
    stride_w: 2,
    stride_h: 2,
    filter_width: 2,
    filter_height: 3,
    fused_activation_function: "NONE",
  };
  for (const padding of ["SAME", "VALID"])
    for (const op of ["AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D"])
      m.output(m.op(op, [x], { ...pool, padding }));
  for (const [padding, shape, stride] of [
    ["SAME", [1, 14, 12, 4], 2],
    ["VALID", [1, 15, 12, 4], 2],
    ["SAME", [1, 7, 6, 4], 1],
    ["SAME", [1, 13, 11, 4], 2],
  ])
    m.output(
      m.op(
        "TRANSPOSE_CONV",
        [m.ints(...shape), m.constant([4, 3, 2, 3]), x, bias],
        window({ padding, stride_w: stride, stride_h: stride }),
      ),
    );
  for (const op of ["RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"])
    for (const [align_corners, half_pixel_centers] of [
      [false, false],
      [true, false],
      [false, true],
    ])
      m.output(
        m.op(op, [x, m.ints(9, 4)], { align_corners, half_pixel_centers }),
      );
  m.output(
    m.op("LOCAL_RESPONSE_NORMALIZATION", [x], {
      radius: 1,
      bias: 1,
      alpha: 0.5,
      beta: 0.75,
    }),
  );
  return m.finish([{ x: m.random([1, 7, 6, 3]) }]);
}
