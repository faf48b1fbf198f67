import type { Dtype } from "../../graph/index.js";

/** By TensorProto.DataType: ONNX's name, and the dtype that a graph computes with. */
export const DTYPES: ReadonlyMap<number, { name: string; dtype: Dtype }> =
  new Map([
    [1, { name: "float32", dtype: "float32" }],
    [2, { name: "uint8", dtype: "uint8" }],
    [3, { name: "int8", dtype: "int8" }],
    [4, { name: "uint16", dtype: "uint16" }],
    [5, { name: "int16", dtype: "int16" }],
    [6, { name: "int32", dtype: "int32" }],
    [7, { name: "int64", dtype: "int64" }],
    [9, { name: "bool", dtype: "bool" }],
    [10, { name: "float16", dtype: "float32" }],
    [11, { name: "float64", dtype: "float32" }],
    [12, { name: "uint32", dtype: "uint32" }],
    [13, { name: "uint64", dtype: "uint64" }],
    [16, { name: "bfloat16", dtype: "float32" }],
  ]);
