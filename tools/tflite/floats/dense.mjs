// @ts-nocheck: see ../runner.mjs.

/* Models of floats: products, and int8 weights beside floats. */
import { Maker } from "../maker.mjs";

export function dense() {
  const m = new Maker(5);
  const x = m.input("x", [2, 3, 4]);
  const options = (more) => ({
    fused_activation_function: "NONE",
    weights_format: 0,
    keep_num_dims: false,
    ...more,
  });
  m.output(
    m.op(
      "FULLY_CONNECTED",
      [x, m.constant([5, 4]), m.constant([5])],
      options({ keep_num_dims: true, fused_activation_function: "RELU" }),
    ),
  );
  m.output(m.op("FULLY_CONNECTED", [x, m.constant([5, 12]), null], options()));
  m.output(
    m.op(
      "FULLY_CONNECTED",
      [
        x,
        m.op("DEQUANTIZE", [m.constant([3, 4], null, "FLOAT16")]),
        m.constant([3]),
      ],
      options({ fused_activation_function: "RELU6" }),
    ),
  );
  m.output(
    m.op("BATCH_MATMUL", [x, m.constant([4, 2])], {
      adj_x: false,
      adj_y: false,
    }),
  );
  m.output(
    m.op("BATCH_MATMUL", [x, m.op("TRANSPOSE", [x, m.ints(0, 2, 1)])], {
      adj_x: false,
      adj_y: false,
    }),
  );
  m.output(m.op("BATCH_MATMUL", [x, x], { adj_x: false, adj_y: true }));
  m.output(m.op("BATCH_MATMUL", [x, x], { adj_x: true, adj_y: false }));
  return m.finish([{ x: m.random([2, 3, 4]) }], {
    signatures: [
      {
        key: "serving_default",
        inputs: { signal: "x" },
        outputs: { scores: m.outputs[0] },
      },
    ],
  });
}

/** int8 weights beside floats: TensorFlow Lite quantises the activations as well, so it is only near. */
export function hybrid() {
  const m = new Maker(6);
  const x = m.input("x", [2, 8]);
  m.output(
    m.op("FULLY_CONNECTED", [x, m.quantized([5, 8], 0.01), m.constant([5])], {
      fused_activation_function: "NONE",
      weights_format: 0,
      keep_num_dims: false,
    }),
  );
  return m.finish([{ x: m.random([2, 8]) }]);
}
