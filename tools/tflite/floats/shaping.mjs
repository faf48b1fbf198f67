// @ts-nocheck: see ../runner.mjs.

/* Models of floats: operators that move numbers. */
import { Maker } from "../maker.mjs";

const NONE = { fused_activation_function: "NONE" };

export function shaping() {
  const m = new Maker(2);
  const x = m.input("x", [2, 3, 4]);
  m.output(m.op("RESHAPE", [x, m.ints(6, -1)], { new_shape: [6, -1] }));
  m.output(m.op("EXPAND_DIMS", [x, m.ints(1)]));
  const wide = m.op("EXPAND_DIMS", [x, m.ints(0)]);
  m.output(m.op("SQUEEZE", [wide], { squeeze_dims: [0] }));
  m.output(m.op("TRANSPOSE", [x, m.ints(2, 0, 1)]));
  m.output(m.op("CONCATENATION", [x, x], { axis: -1, ...NONE }));
  m.output(m.op("PACK", [x, x, x], { values_count: 3, axis: 1 }));
  m.output(...m.op("UNPACK", [x], { num: 3, axis: 1 }, { outputs: 3 }));
  m.output(
    ...m.op(
      "SPLIT",
      [m.constant([], [2], "INT32"), x],
      { num_splits: 2 },
      { outputs: 2 },
    ),
  );
  m.output(
    ...m.op(
      "SPLIT_V",
      [x, m.ints(1, -1), m.constant([], [1], "INT32")],
      { num_splits: 2 },
      { outputs: 2 },
    ),
  );
  m.output(m.op("SLICE", [x, m.ints(0, 1, 1), m.ints(2, -1, 2)]));
  const strided = (begin, end, strides, masks = {}) =>
    m.output(
      m.op(
        "STRIDED_SLICE",
        [x, m.ints(...begin), m.ints(...end), m.ints(...strides)],
        {
          begin_mask: 0,
          end_mask: 0,
          ellipsis_mask: 0,
          new_axis_mask: 0,
          shrink_axis_mask: 0,
          ...masks,
        },
      ),
    );
  strided([0, -1, 0], [0, 0, 0], [1, 1, 1], {
    begin_mask: 5,
    end_mask: 5,
    shrink_axis_mask: 2,
  });
  strided([1, 0, 1], [2, 3, 4], [1, 2, 2]);
  strided([0, 2, 3], [0, 0, 0], [1, -1, -2], { begin_mask: 1, end_mask: 7 });
  strided([0, 1], [0, 3], [1, 1], { begin_mask: 1, end_mask: 1 });
  strided([0, 0, 1], [0, 0, 3], [1, 1, 1], {
    ellipsis_mask: 1,
    shrink_axis_mask: 2,
  });
  strided([0, 0, 1], [0, 0, 3], [1, 1, 1], {
    ellipsis_mask: 1,
    new_axis_mask: 2,
  });
  strided([1, 0, 0, 2], [2, 0, 0, 3], [1, 1, 1, 1], {
    new_axis_mask: 2,
    begin_mask: 4,
    end_mask: 4,
    shrink_axis_mask: 9,
  });
  m.output(m.op("SHAPE", [x], { out_type: "INT32" }, { type: "INT32" }));
  m.output(m.op("RANK", [x], {}, { type: "INT32" }));
  m.output(m.op("FILL", [m.ints(2, 2), m.constant([], [1.5])]));
  m.output(m.op("BROADCAST_TO", [m.constant([3, 1]), m.ints(2, 3, 4)]));
  m.output(m.op("TILE", [x, m.ints(1, 2, 1)]));
  m.output(m.op("REVERSE_V2", [x, m.ints(1)]));
  m.output(
    m.op("REVERSE_SEQUENCE", [x, m.ints(2, 3)], { seq_dim: 1, batch_dim: 0 }),
  );
  m.output(m.op("PAD", [x, m.constant([3, 2], [0, 0, 1, 2, 0, 1], "INT32")]));
  m.output(
    m.op("PADV2", [
      x,
      m.constant([3, 2], [0, 1, 0, 0, 2, 0], "INT32"),
      m.constant([1], [9]),
    ]),
  );
  m.output(
    m.op("MIRROR_PAD", [x, m.constant([3, 2], [0, 0, 1, 2, 2, 1], "INT32")], {
      mode: 0,
    }),
  );
  m.output(
    m.op("MIRROR_PAD", [x, m.constant([3, 2], [1, 1, 1, 2, 0, 2], "INT32")], {
      mode: 1,
    }),
  );
  m.output(m.op("ZEROS_LIKE", [x]));
  const image = m.op("RESHAPE", [x, m.ints(1, 2, 3, 4)], {
    new_shape: [1, 2, 3, 4],
  });
  m.output(m.op("DEPTH_TO_SPACE", [image], { block_size: 2 }));
  const large = m.op("RESHAPE", [x, m.ints(1, 4, 2, 3)], {
    new_shape: [1, 4, 2, 3],
  });
  m.output(m.op("SPACE_TO_DEPTH", [large], { block_size: 2 }));
  const batches = m.op("SPACE_TO_BATCH_ND", [
    large,
    m.ints(2, 2),
    m.constant([2, 2], [0, 0, 1, 1], "INT32"),
  ]);
  m.output(batches);
  m.output(
    m.op("BATCH_TO_SPACE_ND", [
      batches,
      m.ints(2, 2),
      m.constant([2, 2], [0, 0, 1, 1], "INT32"),
    ]),
  );
  return m.finish([{ x: m.random([2, 3, 4]) }]);
}
