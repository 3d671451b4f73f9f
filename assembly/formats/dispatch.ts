/**
 * Maps ggml's type number to the class that reads a block format. The engine's own layouts have numbers from 256 on.
 * A new format is a new file and one line in each of these switches.
 */
import { DOT_KIND, FLOATS, INT16, INT8, UNSUPPORTED } from '../activations'
import { BYTE_DOTS } from '../math/byte_dots'
import { FloatTile } from '../matmul/floats'
import { Int16Tile } from '../matmul/int16'
import { Int8Tile } from '../matmul/int8'
import { X8Int16Tile, X8Int8Tile } from '../matmul/x8'
import { matmulOf } from '../matmul/product'
import { Blocks } from '../few_tokens/blocks'
import { byEights, byFours, byRows, floatsByEights } from '../few_tokens/groups'
import { matvecTokensOf, matvecTokensOfX8 } from '../few_tokens/product'
import { Q6_KBlocks } from '../few_tokens/q6_k'
import { SuperBlocks } from '../few_tokens/super_blocks'
import { Bytes, Pairs, Words } from '../few_tokens/tile'
import { matvecEightsOf, matvecFloatsOf, matvecFoursOf, matvecX8Of, matvecOf } from '../matvec'
import { BF16 } from './bf16'
import { F16 } from './f16'
import { F32 } from './f32'
import { eightAt, EIGHT, repackPart, REPACKED, repackShared } from './x8'
import { Q4_0x8 } from './q4_0x8'
import { Q4_0x8Bytes, Q4_0x8Pairs, Q4_0x8Wide } from './q4_0x8_dots'
import { IQ2_XXS, UnsignedIQ2_XXS } from './iq2_xxs'
import { Q2_K } from './q2_k'
import { Q3_K } from './q3_k'
import { Q4_0 } from './q4_0'
import { Q4_1 } from './q4_1'
import { Q4_K } from './q4_k'
import { Q5_0 } from './q5_0'
import { Q5_1 } from './q5_1'
import { Q5_K } from './q5_k'
import { Q6_K } from './q6_k'
import { Q8_0, UnsignedQ8_0 } from './q8_0'
import { RebiasedF16 } from './rebiased_f16'

const Q4_0_X8: i32 = REPACKED + 2

/** The type number of a format's repacked (x8) variant, or 0 if it has none. */
export function x8_format(format: i32): i32 {
  return format == 2 ? Q4_0_X8 : 0
}

/**
 * Repacks `rows` rows of the file's blocks, a multiple of eight, of `rowBytes` each; `format` is the type number afterwards.
 * `scratch` holds eight rows per thread.
 */
export function repack(format: i32, weights: usize, rowBytes: usize, rows: i32, scratch: usize): void {
  if (format != Q4_0_X8) return
  const part = repackPartOfQ4_0
  repackShared(part.index, weights, rowBytes, rows, scratch)
}

function repackPartOfQ4_0(part: i32): void {
  repackPart<Q4_0x8>(part)
}

/** The kind of activations that a format's `matvec` takes; see activations.ts. */
export function activation_kind(format: i32): i32 {
  switch (format) {
    case 0: // F32
    case 1: // F16
    case 30: // BF16
    case 257: // rebiased F16
      return FLOATS
    case 2: // Q4_0
    case 3: // Q4_1
    case 6: // Q5_0
    case 7: // Q5_1
    case 12: // Q4_K
    case 13: // Q5_K
    case Q4_0_X8:
      return DOT_KIND
    case 8: // Q8_0
      return BYTE_DOTS ? INT8 : INT16
    case 10: // Q2_K
    case 11: // Q3_K
    case 16: // IQ2_XXS
      return INT16
    case 14: // Q6_K
      return DOT_KIND
  }
  return UNSUPPORTED
}

/** The kind of activations that a format's `matmul` takes. */
export function tile_activation_kind(format: i32): i32 {
  switch (format) {
    case 8: // Q8_0
    case 16: // IQ2_XXS
      return BYTE_DOTS ? INT8 : INT16
  }
  const kind = activation_kind(format)
  if (kind == UNSUPPORTED || kind == FLOATS) return kind
  return ASC_FEATURE_RELAXED_SIMD ? INT8 : INT16
}

/** Writes the first `n` elements of the row at `row` to `out` as f32. */
export function dequantize(format: i32, row: usize, out: usize, n: i32): void {
  switch (format) {
    case 0: // F32
      return changetype<F32>(row).dequantize(out, n)
    case 1: // F16
      return changetype<F16>(row).dequantize(out, n)
    case 2: // Q4_0
      return changetype<Q4_0>(row).dequantize(out, n)
    case 3: // Q4_1
      return changetype<Q4_1>(row).dequantize(out, n)
    case 6: // Q5_0
      return changetype<Q5_0>(row).dequantize(out, n)
    case 7: // Q5_1
      return changetype<Q5_1>(row).dequantize(out, n)
    case 8: // Q8_0
      return changetype<Q8_0>(row).dequantize(out, n)
    case 10: // Q2_K
      return changetype<Q2_K>(row).dequantize(out, n)
    case 11: // Q3_K
      return changetype<Q3_K>(row).dequantize(out, n)
    case 12: // Q4_K
      return changetype<Q4_K>(row).dequantize(out, n)
    case 13: // Q5_K
      return changetype<Q5_K>(row).dequantize(out, n)
    case 14: // Q6_K
      return changetype<Q6_K>(row).dequantize(out, n)
    case 16: // IQ2_XXS
      return changetype<IQ2_XXS>(row).dequantize(out, n)
    case 30: // BF16
      return changetype<BF16>(row).dequantize(out, n)
    case 257: // rebiased F16
      return changetype<RebiasedF16>(row).dequantize(out, n)
  }
}

/** The same for row `row`, `n` elements in `rowBytes`, of the matrix at `weights`, which may be repacked. */
export function dequantize_row(format: i32, weights: usize, rowBytes: usize, row: i32, out: usize, n: i32): void {
  if (format == Q4_0_X8) {
    const eight = eightAt<Q4_0x8>(weights, rowBytes, row)
    return changetype<Q4_0x8>(eight).dequantizeRow(row % EIGHT, out, n)
  }
  dequantize(format, weights + <usize>row * rowBytes, out, n)
}

/** out[r] = weights[r] · x for each row; see matvec.ts. */
export function matvec(format: i32, weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
  switch (format) {
    case 0: // F32
      return matvecFloatsOf<F32>(weights, x, out, rows, columns)
    case 1: // F16
      return matvecFloatsOf<F16>(weights, x, out, rows, columns)
    case 2: // Q4_0
      return matvecEightsOf<Q4_0>(weights, x, out, rows, columns)
    case 3: // Q4_1
      return matvecEightsOf<Q4_1>(weights, x, out, rows, columns)
    case 6: // Q5_0
      return matvecEightsOf<Q5_0>(weights, x, out, rows, columns)
    case 7: // Q5_1
      return matvecEightsOf<Q5_1>(weights, x, out, rows, columns)
    case 8: // Q8_0
      if (ASC_FEATURE_RELAXED_SIMD) {
        if (BYTE_DOTS) return matvecEightsOf<UnsignedQ8_0>(weights, x, out, rows, columns)
      }
      return matvecEightsOf<Q8_0>(weights, x, out, rows, columns)
    case 10: // Q2_K
      return matvecOf<Q2_K>(weights, x, out, rows, columns)
    case 11: // Q3_K
      return matvecOf<Q3_K>(weights, x, out, rows, columns)
    case 12: // Q4_K
      return matvecSuperBlocks<Q4_K>(weights, x, out, rows, columns)
    case 13: // Q5_K
      return matvecSuperBlocks<Q5_K>(weights, x, out, rows, columns)
    case 14: // Q6_K
      return matvecSuperBlocks<Q6_K>(weights, x, out, rows, columns)
    case 16: // IQ2_XXS
      return matvecOf<IQ2_XXS>(weights, x, out, rows, columns)
    case 30: // BF16
      return matvecFloatsOf<BF16>(weights, x, out, rows, columns)
    case 257: // rebiased F16
      return matvecFloatsOf<RebiasedF16>(weights, x, out, rows, columns)
    case Q4_0_X8:
      if (ASC_FEATURE_RELAXED_SIMD) {
        if (BYTE_DOTS) {
          return matvecX8Of<Q4_0x8, Q4_0x8Bytes>(weights, x, out, rows, columns)
        }
        return matvecX8Of<Q4_0x8, Q4_0x8Pairs>(weights, x, out, rows, columns)
      }
      return matvecX8Of<Q4_0x8, Q4_0x8Wide>(weights, x, out, rows, columns)
  }
}

/** Four rows at a time in the relaxed build alone, see `dotSuperBlockRow`. */
@inline
function matvecSuperBlocks<T>(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
  if (ASC_FEATURE_RELAXED_SIMD) matvecFoursOf<T>(weights, x, out, rows, columns)
  else matvecOf<T>(weights, x, out, rows, columns)
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
  switch (format) {
    case 0: // F32
      return floatsByEights<F32>(weights, x, xStride, out, outStride, rows, columns, tokens)
    case 1: // F16
      return floatsByEights<F16>(weights, x, xStride, out, outStride, rows, columns, tokens)
    case 2: // Q4_0
      return tokensOfBlocks<Q4_0>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case 3: // Q4_1
      return tokensOfBlocks<Q4_1>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case 6: // Q5_0
      return tokensOfBlocks<Q5_0>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case 7: // Q5_1
      return tokensOfBlocks<Q5_1>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case 8: // Q8_0
      if (ASC_FEATURE_RELAXED_SIMD) {
        if (BYTE_DOTS) return tokensOf<UnsignedQ8_0, Blocks<UnsignedQ8_0, Bytes>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch, 3)
      }
      return tokensOf<Q8_0, Blocks<Q8_0, Words>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch, 5)
    case 10: // Q2_K
      return byRows<Q2_K>(weights, x, xStride, out, outStride, rows, columns, tokens)
    case 11: // Q3_K
      return byRows<Q3_K>(weights, x, xStride, out, outStride, rows, columns, tokens)
    case 12: // Q4_K
      return tokensOfSuperBlocks<Q4_K, SuperBlocks<Q4_K>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case 13: // Q5_K
      return tokensOfSuperBlocks<Q5_K, SuperBlocks<Q5_K>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case 14: // Q6_K
      return tokensOfSuperBlocks<Q6_K, Q6_KBlocks>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    case 16: // IQ2_XXS
      return byRows<IQ2_XXS>(weights, x, xStride, out, outStride, rows, columns, tokens)
    case 30: // BF16
      return floatsByEights<BF16>(weights, x, xStride, out, outStride, rows, columns, tokens)
    case 257: // rebiased F16
      return floatsByEights<RebiasedF16>(weights, x, xStride, out, outStride, rows, columns, tokens)
    case Q4_0_X8:
      if (ASC_FEATURE_RELAXED_SIMD) matvecTokensOfX8<Q4_0x8, Blocks<Q4_0, Pairs>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
      else matvecTokensOfX8<Q4_0x8, Blocks<Q4_0, Words>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
  }
}

/** From `least` tokens on a panel is worth laying. */
@inline
function tokensOf<T, K>(
  weights: usize,
  x: usize,
  xStride: usize,
  out: usize,
  outStride: usize,
  rows: i32,
  columns: i32,
  tokens: i32,
  scratch: usize,
  least: i32,
): void {
  if (tokens < least) byEights<T>(weights, x, xStride, out, outStride, rows, columns, tokens)
  else matvecTokensOf<T, K>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
}

@inline
function tokensOfBlocks<T>(
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
  if (ASC_FEATURE_RELAXED_SIMD) tokensOf<T, Blocks<T, Pairs>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch, 3)
  else tokensOf<T, Blocks<T, Words>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch, 5)
}

@inline
function tokensOfSuperBlocks<T, K>(
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
  if (ASC_FEATURE_RELAXED_SIMD) {
    if (tokens < 3) byFours<T>(weights, x, xStride, out, outStride, rows, columns, tokens)
    else matvecTokensOf<T, K>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
  } else byRows<T>(weights, x, xStride, out, outStride, rows, columns, tokens)
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
  switch (format) {
    case 0: // F32
      return matmulOf<F32, FloatTile<F32>>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
    case 1: // F16
      return matmulOf<F16, FloatTile<F16>>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
    case 2: // Q4_0
      return matmulIntegers<Q4_0>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
    case 3: // Q4_1
      return matmulIntegers<Q4_1>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
    case 6: // Q5_0
      return matmulIntegers<Q5_0>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
    case 7: // Q5_1
      return matmulIntegers<Q5_1>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
    case 8: // Q8_0
      if (ASC_FEATURE_RELAXED_SIMD) {
        if (BYTE_DOTS) {
          return matmulIntegers<UnsignedQ8_0>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
        }
      }
      return matmulOf<Q8_0, Int16Tile<Q8_0>>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
    case 10: // Q2_K
      return matmulIntegers<Q2_K>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
    case 11: // Q3_K
      return matmulIntegers<Q3_K>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
    case 12: // Q4_K
      return matmulIntegers<Q4_K>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
    case 13: // Q5_K
      return matmulIntegers<Q5_K>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
    case 14: // Q6_K
      return matmulIntegers<Q6_K>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
    case 16: // IQ2_XXS
      if (ASC_FEATURE_RELAXED_SIMD) {
        if (BYTE_DOTS) {
          return matmulIntegers<UnsignedIQ2_XXS>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
        }
      }
      return matmulOf<IQ2_XXS, Int16Tile<IQ2_XXS>>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
    case 30: // BF16
      return matmulOf<BF16, FloatTile<BF16>>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
    case 257: // rebiased F16
      return matmulOf<RebiasedF16, FloatTile<RebiasedF16>>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
    case Q4_0_X8:
      return matmulX8<Q4_0x8>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
  }
}

/** For formats with unsigned quants of at most 6 bits, or 8 if `BYTE_DOTS` holds. */
@inline
function matmulIntegers<T>(
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
  if (ASC_FEATURE_RELAXED_SIMD) {
    matmulOf<T, Int8Tile<T>>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
  } else {
    matmulOf<T, Int16Tile<T>>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
  }
}

/** The same for repacked (x8) formats. */
@inline
function matmulX8<T>(
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
  if (ASC_FEATURE_RELAXED_SIMD) {
    matmulOf<T, X8Int8Tile<T>>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
  } else {
    matmulOf<T, X8Int16Tile<T>>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
  }
}
