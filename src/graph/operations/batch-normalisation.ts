import { sizeOf } from "../../tensor.js";
import type { Compile } from "../node.js";
import type { Value } from "../value.js";
import { channels, checkChannels } from "./channels.js";
import { checkFloats } from "./linear.js";
import { onKernel } from "./on-kernel.js";

/** By the mean and variance that training left. */
export const batchNormalization: Compile = (node) => {
  node.expectInputs(5);
  const epsilon = node.float("epsilon", 1e-5);
  node.float("momentum", 0.9);
  if (node.flag("training_mode"))
    throw node.error("expected training_mode 0, got 1");
  const spatial = node.flag("spatial", true);
  const known = [1, 2, 3, 4].every((input) => node.constant(input));
  return {
    prepare(inputs) {
      checkFloats(node, ...inputs);
      const [x, scale, shift, mean, variance] = inputs as [
        Value,
        Value,
        Value,
        Value,
        Value,
      ];
      const found = channels(node, x);
      // in the first opsets also a number of its own for each place
      const C = spatial ? found.C : sizeOf(x.shape.slice(1));
      const inner = spatial ? found.inner : 1;
      checkChannels(node, C, scale, shift, mean, variance);
      const y = node.value("float32", x.shape);
      const factor = new Float32Array(C);
      const offset = new Float32Array(C);
      let ready = false;
      // [N, C, ..] as [N, C, inner]
      const rows = [x.data.length / (C * inner), C, inner];
      const [times, plus] = (["multiply", "add"] as const).map((name) =>
        onKernel(node, name, rows, rows, [C, 1]),
      );
      return {
        outputs: [y],
        release() {
          times?.release();
          plus?.release();
        },
        run([own, s, b, m, v]) {
          for (let c = 0; c < C && !ready; c++) {
            const by =
              ((s as Value).data[c] as number) /
              Math.sqrt(((v as Value).data[c] as number) + epsilon);
            factor[c] = by;
            offset[c] =
              ((b as Value).data[c] as number) -
              ((m as Value).data[c] as number) * by;
          }
          ready = known;
          const { data } = own as Value;
          if (times && plus) {
            times.run(data, factor, y.data);
            plus.run(y.data, offset, y.data);
            return;
          }
          for (let at = 0, c = 0; at < data.length; c = (c + 1) % C) {
            const by = factor[c] as number;
            const more = offset[c] as number;
            for (const end = at + inner; at < end; at++)
              y.data[at] = Math.fround((data[at] as number) * by) + more;
          }
        },
      };
    },
  };
};
