/*
 * The operators by code, and the fields of their options: BuiltinOperator and the tables of BuiltinOptions in the schema.
 * Trailing options that only say how a kernel rounds, or how it was converted, are left out.
 */

/** By code, from 0 on. The codes that follow are of StableHLO, which TensorFlow Lite itself mostly does not run. */
const NAMES =
  `ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE EMBEDDING_LOOKUP
FLOOR FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D LOCAL_RESPONSE_NORMALIZATION LOGISTIC LSH_PROJECTION
LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1 RELU6 RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH SVDF TANH
CONCAT_EMBEDDINGS SKIP_GRAM CALL CUSTOM EMBEDDING_LOOKUP_SPARSE PAD UNIDIRECTIONAL_SEQUENCE_RNN GATHER
BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND TRANSPOSE MEAN SUB DIV SQUEEZE UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE
BIDIRECTIONAL_SEQUENCE_RNN EXP TOPK_V2 SPLIT LOG_SOFTMAX DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM CAST PRELU MAXIMUM
ARG_MAX MINIMUM LESS NEG PADV2 GREATER GREATER_EQUAL LESS_EQUAL SELECT SLICE SIN TRANSPOSE_CONV SPARSE_TO_DENSE TILE
EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW ARG_MIN FAKE_QUANT REDUCE_PROD REDUCE_MAX PACK LOGICAL_OR
ONE_HOT LOGICAL_AND LOGICAL_NOT UNPACK REDUCE_MIN FLOOR_DIV REDUCE_ANY SQUARE ZEROS_LIKE FILL FLOOR_MOD RANGE
RESIZE_NEAREST_NEIGHBOR LEAKY_RELU SQUARED_DIFFERENCE MIRROR_PAD ABS SPLIT_V UNIQUE CEIL REVERSE_V2 ADD_N GATHER_ND
COS WHERE RANK ELU REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE MATRIX_SET_DIAG ROUND HARD_SWISH IF WHILE
NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 SCATTER_ND SELECT_V2 DENSIFY SEGMENT_SUM BATCH_MATMUL
PLACEHOLDER_FOR_GREATER_OP_CODES CUMSUM CALL_ONCE BROADCAST_TO RFFT2D CONV_3D IMAG REAL COMPLEX_ABS HASHTABLE
HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL CONV_3D_TRANSPOSE VAR_HANDLE READ_VARIABLE ASSIGN_VARIABLE
BROADCAST_ARGS RANDOM_STANDARD_NORMAL BUCKETIZE RANDOM_UNIFORM MULTINOMIAL GELU DYNAMIC_UPDATE_SLICE RELU_0_TO_1
UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_SUM ATAN2 UNSORTED_SEGMENT_MIN SIGN BITCAST BITWISE_XOR
RIGHT_SHIFT`.split(/\s+/);

/** The name of an operator's code. */
export function operatorName(code: number): string {
  return NAMES[code] ?? `operator ${code}`;
}

const FUSED = "fused_activation_function";
const POOL = `padding stride_w stride_h filter_width filter_height ${FUSED}`;
const LSTM = `${FUSED} cell_clip proj_clip`;
const CORNERS = "align_corners half_pixel_centers";
const KEPT = "keep_dims";

/** The fields of each operator's options; none if it is not here. */
const OPTIONS: Readonly<Record<string, string>> = {
  ADD: FUSED,
  SUB: FUSED,
  MUL: FUSED,
  DIV: FUSED,
  L2_NORMALIZATION: FUSED,
  CONV_2D: `padding stride_w stride_h ${FUSED} dilation_w_factor dilation_h_factor`,
  DEPTHWISE_CONV_2D: `padding stride_w stride_h depth_multiplier ${FUSED} dilation_w_factor dilation_h_factor`,
  TRANSPOSE_CONV: `padding stride_w stride_h ${FUSED}`,
  AVERAGE_POOL_2D: POOL,
  MAX_POOL_2D: POOL,
  L2_POOL_2D: POOL,
  FULLY_CONNECTED: `${FUSED} weights_format keep_num_dims`,
  SVDF: `rank ${FUSED}`,
  RNN: FUSED,
  UNIDIRECTIONAL_SEQUENCE_RNN: `time_major ${FUSED}`,
  BIDIRECTIONAL_SEQUENCE_RNN: `time_major ${FUSED} merge_outputs`,
  LSTM: `${LSTM} kernel_type`,
  UNIDIRECTIONAL_SEQUENCE_LSTM: `${LSTM} time_major asymmetric_quantize_inputs diagonal_recurrent_tensors`,
  BIDIRECTIONAL_SEQUENCE_LSTM: `${LSTM} merge_outputs time_major`,
  SOFTMAX: "beta",
  CONCATENATION: `axis ${FUSED}`,
  LOCAL_RESPONSE_NORMALIZATION: "radius bias alpha beta",
  RESIZE_BILINEAR: `new_height new_width ${CORNERS}`,
  RESIZE_NEAREST_NEIGHBOR: CORNERS,
  RESHAPE: "new_shape",
  SPACE_TO_DEPTH: "block_size",
  DEPTH_TO_SPACE: "block_size",
  GATHER: "axis batch_dims",
  MEAN: KEPT,
  SUM: KEPT,
  REDUCE_PROD: KEPT,
  REDUCE_MAX: KEPT,
  REDUCE_MIN: KEPT,
  REDUCE_ANY: KEPT,
  REDUCE_ALL: KEPT,
  SQUEEZE: "squeeze_dims",
  SPLIT: "num_splits",
  SPLIT_V: "num_splits",
  STRIDED_SLICE:
    "begin_mask end_mask ellipsis_mask new_axis_mask shrink_axis_mask offset",
  CAST: "in_data_type out_data_type",
  ARG_MAX: "output_type",
  ARG_MIN: "output_type",
  SHAPE: "out_type",
  PACK: "values_count axis",
  UNPACK: "num axis",
  ONE_HOT: "axis",
  LEAKY_RELU: "alpha",
  MIRROR_PAD: "mode",
  REVERSE_SEQUENCE: "seq_dim batch_dim",
  IF: "then_subgraph_index else_subgraph_index",
  CALL_ONCE: "init_subgraph_index",
  WHILE: "cond_subgraph_index body_subgraph_index",
  BATCH_MATMUL: "adj_x adj_y",
  CUMSUM: "exclusive reverse",
  VAR_HANDLE: "container shared_name",
  GELU: "approximate",
  FAKE_QUANT: "min max num_bits narrow_range",
};

/** The fields of an operator's options. */
export const optionsOf = (name: string): readonly string[] =>
  OPTIONS[name]?.split(" ") ?? [];
