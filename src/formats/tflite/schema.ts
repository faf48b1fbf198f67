/*
 * The fields of the tables of a .tflite file, version 3, with the schema's names and order:
 * tensorflow/compiler/mlir/lite/schema/schema.fbs.
 */

export const MODEL = [
  "version",
  "operator_codes",
  "subgraphs",
  "description",
  "buffers",
  "metadata_buffer",
  "metadata",
  "signature_defs",
] as const;

export const OPERATOR_CODE = [
  "deprecated_builtin_code",
  "custom_code",
  "version",
  "builtin_code",
] as const;

export const SUBGRAPH = [
  "tensors",
  "inputs",
  "outputs",
  "operators",
  "name",
] as const;

export const TENSOR = [
  "shape",
  "type",
  "buffer",
  "name",
  "quantization",
  "is_variable",
  "sparsity",
  "shape_signature",
  "has_rank",
] as const;

export const QUANTIZATION = [
  "min",
  "max",
  "scale",
  "zero_point",
  "details_type",
  "details",
  "quantized_dimension",
] as const;

export const OPERATOR = [
  "opcode_index",
  "inputs",
  "outputs",
  "builtin_options_type",
  "builtin_options",
  "custom_options",
  "custom_options_format",
  "mutating_variable_inputs",
  "intermediates",
] as const;

export const BUFFER = ["data", "offset", "size"] as const;

export const METADATA = ["name", "buffer"] as const;

export const SIGNATURE = [
  "inputs",
  "outputs",
  "signature_key",
  "deprecated_tag",
  "subgraph_index",
] as const;

export const TENSOR_MAP = ["name", "tensor_index"] as const;

/** TensorType, by number. */
export const TYPES = [
  "FLOAT32",
  "FLOAT16",
  "INT32",
  "UINT8",
  "INT64",
  "STRING",
  "BOOL",
  "INT16",
  "COMPLEX64",
  "INT8",
  "FLOAT64",
  "COMPLEX128",
  "UINT64",
  "RESOURCE",
  "VARIANT",
  "UINT32",
  "UINT16",
  "INT4",
  "BFLOAT16",
] as const;
export type TensorType = (typeof TYPES)[number];

/** ActivationFunctionType, by number. */
export const ACTIVATIONS = [
  "NONE",
  "RELU",
  "RELU_N1_TO_1",
  "RELU6",
  "TANH",
  "SIGN_BIT",
] as const;
export type FusedActivation = (typeof ACTIVATIONS)[number];
