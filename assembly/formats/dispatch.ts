/**
 * Maps a format's number to the classes that read and multiply it: `select` has one line per format. A new format is a new
 * file, a number in ids.ts and that line.
 */
import { UNSUPPORTED } from '../activations'
import { GridBlocks } from '../few_tokens/grid_blocks'
import { Q6_KBlocks } from '../few_tokens/q6_k'
import { SuperBlocks } from '../few_tokens/super_blocks'
import { BF16 } from './bf16'
import {
  BlockDecode,
  ByteBlockDecode,
  FloatDecode,
  FoursDecode,
  GridDecode,
  Q4_0x8Decode,
  Q4_Kx8Decode,
  RowDecode,
  SignedBlockDecode,
  SignedFoursDecode,
  SuperBlockDecode,
} from './decode'
import { F16 } from './f16'
import { F32 } from './f32'
import * as ids from './ids'
import { IQ1_M } from './iq1_m'
import { IQ1_S } from './iq1_s'
import { IQ2_S } from './iq2_s'
import { IQ2_XS } from './iq2_xs'
import { IQ2_XXS, UnsignedIQ2_XXS } from './iq2_xxs'
import { IQ3_S } from './iq3_s'
import { DoubledIQ3_SNibbles, IQ3_SNibbles } from './iq3_s_nibbles'
import { IQ3_XXS } from './iq3_xxs'
import { IQ4_NL, UnsignedIQ4_NL } from './iq4_nl'
import { IQ4_XS, UnsignedIQ4_XS } from './iq4_xs'
import { MXFP4, MXFP4Bytes } from './mxfp4'
import { NVFP4 } from './nvfp4'
import { DecodeKind, Dequantize, Matmul, Matvec, MatvecTokens, TileKind } from './operations'
import { Q1_0 } from './q1_0'
import { Q2_0 } from './q2_0'
import { Q2_K } from './q2_k'
import { Q3_K } from './q3_k'
import { Q4_0 } from './q4_0'
import { Q4_0x8 } from './q4_0x8'
import { Q4_1 } from './q4_1'
import { Q4_K } from './q4_k'
import { Q4_Kx8 } from './q4_kx8'
import { Q5_0 } from './q5_0'
import { Q5_1 } from './q5_1'
import { Q5_K } from './q5_k'
import { Q6_K } from './q6_k'
import { Q8_0, UnsignedQ8_0 } from './q8_0'
import { RebiasedF16 } from './rebiased_f16'
import { FloatTiles, IntegerTiles, SignedTiles, X8Tiles } from './tiles'
import { TQ1_0 } from './tq1_0'
import { TQ2_0 } from './tq2_0'
import { EIGHT, eightAt, repackPart, repackShared } from './x8'

/** Calls `Op` (operations.ts) with the classes of `format`, and returns its result, or UNSUPPORTED. */
@inline
function select<Op>(
  format: i32,
  weights: usize,
  x: usize,
  xStride: usize,
  out: usize,
  outStride: usize,
  rows: i32,
  columns: i32,
  tokens: i32,
  scratch: usize,
): i32 {
  const op = changetype<Op>(0)
  switch (format) {
    case ids.F32:
      return op.run<F32, FloatDecode<F32>, FloatTiles<F32>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case ids.F16:
      return op.run<F16, FloatDecode<F16>, FloatTiles<F16>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case ids.Q4_0:
      return op.run<Q4_0, BlockDecode<Q4_0>, IntegerTiles<Q4_0>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case ids.Q4_1:
      return op.run<Q4_1, BlockDecode<Q4_1>, IntegerTiles<Q4_1>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case ids.Q5_0:
      return op.run<Q5_0, BlockDecode<Q5_0>, IntegerTiles<Q5_0>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case ids.Q5_1:
      return op.run<Q5_1, BlockDecode<Q5_1>, IntegerTiles<Q5_1>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case ids.Q8_0:
      return op.run<Q8_0, SignedBlockDecode<Q8_0, UnsignedQ8_0>, SignedTiles<Q8_0, UnsignedQ8_0>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case ids.Q2_K:
      return op.run<Q2_K, RowDecode<Q2_K>, IntegerTiles<Q2_K>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case ids.Q3_K:
      return op.run<Q3_K, RowDecode<Q3_K>, IntegerTiles<Q3_K>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case ids.Q4_K:
      return op.run<Q4_K, SuperBlockDecode<Q4_K, SuperBlocks<Q4_K>>, IntegerTiles<Q4_K>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case ids.Q5_K:
      return op.run<Q5_K, SuperBlockDecode<Q5_K, SuperBlocks<Q5_K>>, IntegerTiles<Q5_K>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case ids.Q6_K:
      return op.run<Q6_K, SuperBlockDecode<Q6_K, Q6_KBlocks>, IntegerTiles<Q6_K>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case ids.IQ2_XXS:
      return op.run<IQ2_XXS, RowDecode<IQ2_XXS>, SignedTiles<IQ2_XXS, UnsignedIQ2_XXS>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case ids.IQ2_XS:
      return op.run<IQ2_XS, GridDecode<IQ2_XS, GridBlocks<IQ2_XS>>, SignedTiles<IQ2_XS, IQ2_XS>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case ids.IQ3_XXS:
      return op.run<IQ3_XXS, GridDecode<IQ3_XXS, GridBlocks<IQ3_XXS>>, SignedTiles<IQ3_XXS, IQ3_XXS>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case ids.IQ1_S:
      return op.run<IQ1_S, GridDecode<IQ1_S, GridBlocks<IQ1_S>>, IntegerTiles<IQ1_S>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case ids.IQ3_S:
      return op.run<IQ3_S, GridDecode<IQ3_S, GridBlocks<IQ3_S>>, IntegerTiles<IQ3_S>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case ids.IQ2_S:
      return op.run<IQ2_S, GridDecode<IQ2_S, GridBlocks<IQ2_S>>, SignedTiles<IQ2_S, IQ2_S>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case ids.IQ1_M:
      return op.run<IQ1_M, GridDecode<IQ1_M, GridBlocks<IQ1_M>>, IntegerTiles<IQ1_M>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case ids.IQ4_NL:
      return op.run<IQ4_NL, SignedBlockDecode<IQ4_NL, UnsignedIQ4_NL>, SignedTiles<IQ4_NL, UnsignedIQ4_NL>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case ids.IQ4_XS:
      return op.run<IQ4_XS, SignedFoursDecode<IQ4_XS, UnsignedIQ4_XS>, SignedTiles<IQ4_XS, UnsignedIQ4_XS>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case ids.BF16:
      return op.run<BF16, FloatDecode<BF16>, FloatTiles<BF16>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case ids.TQ1_0:
      return op.run<TQ1_0, FoursDecode<TQ1_0>, IntegerTiles<TQ1_0>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case ids.TQ2_0:
      return op.run<TQ2_0, FoursDecode<TQ2_0>, IntegerTiles<TQ2_0>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case ids.MXFP4:
      return op.run<MXFP4, ByteBlockDecode<MXFP4, MXFP4Bytes>, IntegerTiles<MXFP4>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case ids.NVFP4:
      return op.run<NVFP4, FoursDecode<NVFP4>, IntegerTiles<NVFP4>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case ids.Q1_0:
      return op.run<Q1_0, FoursDecode<Q1_0>, IntegerTiles<Q1_0>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case ids.Q2_0:
      return op.run<Q2_0, FoursDecode<Q2_0>, IntegerTiles<Q2_0>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case ids.REBIASED_F16:
      return op.run<RebiasedF16, FloatDecode<RebiasedF16>, FloatTiles<RebiasedF16>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case ids.IQ3_S_NIBBLES:
      return op.run<IQ3_SNibbles, SuperBlockDecode<IQ3_SNibbles, GridBlocks<IQ3_SNibbles>>, IntegerTiles<DoubledIQ3_SNibbles>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case ids.Q4_0_X8:
      return op.run<Q4_0x8, Q4_0x8Decode, X8Tiles<Q4_0x8>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case ids.Q4_K_X8:
      return op.run<Q4_Kx8, Q4_Kx8Decode, X8Tiles<Q4_Kx8>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
  }
  return UNSUPPORTED
}

/** The kind of activations that a format's `matvec` and `matvec_tokens` take; see activations.ts. */
export function activation_kind(format: i32): i32 {
  return select<DecodeKind>(format, 0, 0, 0, 0, 0, 0, 0, 0, 0)
}

/** The kind of activations that a format's `matmul` takes. */
export function tile_activation_kind(format: i32): i32 {
  return select<TileKind>(format, 0, 0, 0, 0, 0, 0, 0, 0, 0)
}

/** Writes the first `n` elements of the row at `row` to `out` as f32. */
export function dequantize(format: i32, row: usize, out: usize, n: i32): void {
  select<Dequantize>(format, row, 0, 0, out, 0, 1, n, 0, 0)
}

/** The same for row `row`, `n` elements in `rowBytes`, of the matrix at `weights`, which may be repacked. */
export function dequantize_row(format: i32, weights: usize, rowBytes: usize, row: i32, out: usize, n: i32): void {
  if (format == ids.Q4_0_X8) return dequantizeRow<Q4_0x8>(weights, rowBytes, row, out, n)
  if (format == ids.Q4_K_X8) return dequantizeRow<Q4_Kx8>(weights, rowBytes, row, out, n)
  dequantize(format, weights + <usize>row * rowBytes, out, n)
}

@inline
function dequantizeRow<T>(weights: usize, rowBytes: usize, row: i32, out: usize, n: i32): void {
  changetype<T>(eightAt<T>(weights, rowBytes, row)).dequantizeRow(row % EIGHT, out, n)
}

/** out[r] = weights[r] · x for each row; see matvec.ts. */
export function matvec(format: i32, weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
  select<Matvec>(format, weights, x, 0, out, 0, rows, columns, 1, 0)
}

/** The same for several tokens, each with the bits that it has alone; see few_tokens/product.ts. */
export function matvec_tokens(
  format: i32,
  weights: usize,
  x: usize,
  xStride: usize,
  out: usize,
  outStride: usize,
  rows: i32,
  columns: i32,
  tokens: i32,
  scratch: usize,
): void {
  select<MatvecTokens>(format, weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
}

/** out[t][r] = weights[r] · x[t] for each row and token; see `matmulOf`. */
export function matmul(
  format: i32,
  weights: usize,
  x: usize,
  xStride: usize,
  out: usize,
  rows: i32,
  columns: i32,
  tokens: i32,
  outStride: i32,
  scratch: usize,
): void {
  select<Matmul>(format, weights, x, xStride, out, <usize>outStride, rows, columns, tokens, scratch)
}

/** The type number of a format's repacked (x8) variant, or 0 if it has none. */
export function x8_format(format: i32): i32 {
  if (format == ids.Q4_0) return ids.Q4_0_X8
  return format == ids.Q4_K ? ids.Q4_K_X8 : 0
}

/**
 * Repacks `rows` rows of the file's blocks, a multiple of eight, of `rowBytes` each; `format` is the type number afterwards.
 * `scratch` holds eight rows per thread.
 */
export function repack(format: i32, weights: usize, rowBytes: usize, rows: i32, scratch: usize): void {
  const part = format == ids.Q4_0_X8 ? repackPartOfQ4_0.index : repackPartOfQ4_K.index
  repackShared(part, weights, rowBytes, rows, scratch)
}

function repackPartOfQ4_0(part: i32): void {
  repackPart<Q4_0x8>(part)
}

function repackPartOfQ4_K(part: i32): void {
  repackPart<Q4_Kx8>(part)
}
