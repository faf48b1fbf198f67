import { compile, emptyNotes, type GraphOptions } from "./compile.js";
import { DescriptionBuilder } from "./description-builder.js";
import { Graph } from "./graph.js";
import type { Notes } from "./node.js";
import { allOperations } from "./operations/index.js";

/**
 * A graph in the making: values are strings, the names that nodes give them. `add` makes a node and
 * returns its output, so that an expression is written from the inside out:
 *
 *     const builder = new GraphBuilder();
 *     const x = builder.input("x", ["batch", 3]);
 *     const sum = builder.add("Add", [x, builder.constant([1, 2, 3])]);
 *     builder.output(builder.add("Relu", [sum]), { name: "y" });
 *     const graph = builder.build();
 *
 * Operations and their attributes are ONNX's of the newest opset; axes, sizes and the like, which ONNX has as inputs,
 * may be attributes of those names instead.
 */
export class GraphBuilder extends DescriptionBuilder {
  /**
   * @param notes where to put what is found out on the way: layers, warnings
   * @throws FormatError that names the node that cannot be
   */
  build(options: GraphOptions = {}, notes: Notes = emptyNotes()): Graph {
    const description = this.description();
    const own = { ...options, givenLayers: true };
    return new Graph(compile(description, allOperations(), own, notes));
  }
}
