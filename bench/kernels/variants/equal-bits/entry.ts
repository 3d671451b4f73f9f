/**
 * Decode products and tiles that give one token the same bits, for ../../equal-bits.ts; none of it is shipped. Formats
 * are ggml's numbers, and those of assembly/formats/dispatch.ts.
 */
import { DOT_BYTES, INT16, INT8, totalsAt } from '../../../../assembly/activations'
import { BF16 } from '../../../../assembly/formats/bf16'
import { F16 } from '../../../../assembly/formats/f16'
import { F32 } from '../../../../assembly/formats/f32'
import { REPACKED } from '../../../../assembly/formats/ids'
import { Q4_0x8 } from '../../../../assembly/formats/q4_0x8'
import {
  Q4_0x8Bytes,
  Q4_0x8Pairs,
  Q4_0x8Wide,
} from '../../../../assembly/formats/q4_0x8_dots'
import { IQ2_XXS } from '../../../../assembly/formats/iq2_xxs'
import { Q2_K } from '../../../../assembly/formats/q2_k'
import { Q3_K } from '../../../../assembly/formats/q3_k'
import { Q4_0 } from '../../../../assembly/formats/q4_0'
import { Q4_1 } from '../../../../assembly/formats/q4_1'
import { Q4_K } from '../../../../assembly/formats/q4_k'
import { Q5_0 } from '../../../../assembly/formats/q5_0'
import { Q5_1 } from '../../../../assembly/formats/q5_1'
import { Q5_K } from '../../../../assembly/formats/q5_k'
import { Q6_K } from '../../../../assembly/formats/q6_k'
import { Q8_0, UnsignedQ8_0 } from '../../../../assembly/formats/q8_0'
import { FloatRows } from '../../../../assembly/formats/floats'
import { RebiasedF16 } from '../../../../assembly/formats/rebiased_f16'
import { BlockRows } from '../../../../assembly/formats/row_dots'
import { BYTE_DOTS } from '../../../../assembly/math/byte_dots'
import { Int16Tile } from '../../../../assembly/matmul/int16'
import { X8Int16Tile, X8Int8Tile } from '../../../../assembly/matmul/x8'
import { matmulOf } from '../../../../assembly/matmul/product'
import {
  matvecEights,
  matvecFoursOf,
  matvecX8Of,
  matvecOf,
} from '../../../../assembly/matvec'
import { EXTRA, LaneFloatTile } from './float-tile'
import { ChunkedRows, transposedF16, transposedF32 } from './floats'
import { sumHalves, sumPairs } from './half-totals'
import { Int16Tile16InEight, Int16Tile32, Int16Tile32WithMinimums } from './int16-tiles'
import { Int8Tile32 } from './int8-tile'
import { beginSixteens, Q4_0Pairs, Q4_0Sixteens } from './q4_0'
import { Q4_KSuperTile } from './q4_k-tile'
import { Q6_KPairTile } from './q6_k-tile'
import { beginPairs, Q4_KBlocks, Q4_KRows, Q4_KSixteens } from './q4_k'
import { beginRows, Q6_KLanes, Q6_KPairs, Q6_KRows } from './q6_k'
import { Q8_0Sixteens } from './q8_0'

const Q4_0_X8: i32 = REPACKED + 2

// The two switches below have all of the shipped one's formats: what a compiler makes of a loop depends on the function
// that it is in, by a tenth and more.

/** Decode in the order of the shipped tiles. */
export function matvec_as_tiles(format: i32, weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
  switch (format) {
    case 0: // F32
      return transposedF32(weights, x, out, rows, columns)
    case 1: // F16
      return matvecEights<F16, FloatRows<F16>>(weights, x, out, rows, columns)
    case 2: // Q4_0
      return matvecEights<Q4_0, BlockRows<Q4_0>>(weights, x, out, rows, columns)
    case 3: // Q4_1
      return matvecEights<Q4_1, BlockRows<Q4_1>>(weights, x, out, rows, columns)
    case 6: // Q5_0
      return matvecEights<Q5_0, BlockRows<Q5_0>>(weights, x, out, rows, columns)
    case 7: // Q5_1
      return matvecEights<Q5_1, BlockRows<Q5_1>>(weights, x, out, rows, columns)
    case 8: // Q8_0
      return matvecEights<Q8_0Sixteens, BlockRows<Q8_0Sixteens>>(weights, x, out, rows, columns)
    case 10: // Q2_K
      return matvecOf<Q2_K>(weights, x, out, rows, columns)
    case 11: // Q3_K
      return matvecOf<Q3_K>(weights, x, out, rows, columns)
    case 12: // Q4_K
      if (ASC_FEATURE_RELAXED_SIMD) {
        sumPairs(x + <usize>columns + ((<usize>columns) >> 3), columns)
        beginPairs(x + totalsAt(INT8, columns))
        return matvecFoursOf<Q4_KRows>(weights, x, out, rows, columns)
      }
      return matvecFoursOf<Q4_KSixteens>(weights, x, out, rows, columns)
    case 13: // Q5_K
      return matvecSuperBlocks<Q5_K>(weights, x, out, rows, columns)
    case 14: // Q6_K
      sumHalves(x, columns, DOT_BYTES, 32)
      beginRows(x, columns)
      return matvecFoursOf<Q6_KRows>(weights, x, out, rows, columns)
    case 16: // IQ2_XXS
      return matvecOf<IQ2_XXS>(weights, x, out, rows, columns)
    case 30: // BF16
      return matvecEights<BF16, FloatRows<BF16>>(weights, x, out, rows, columns)
    case 257: // rebiased F16
      return transposedF16(weights, x, out, rows, columns)
    case Q4_0_X8:
      if (ASC_FEATURE_RELAXED_SIMD) return matvecX8Of<Q4_0x8, Q4_0Pairs>(weights, x, out, rows, columns)
      sumHalves(x, columns, 2, 8)
      beginSixteens(x + totalsAt(INT16, columns))
      return matvecX8Of<Q4_0x8, Q4_0Sixteens>(weights, x, out, rows, columns)
  }
}

/** Decode in the order of `matmul_met`, which is mostly that of today: then it is the shipped product. */
export function matvec_met(format: i32, weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
  switch (format) {
    case 0: // F32
      return eights<ChunkedRows<F32>>(weights, (<usize>columns) << 2, x, out, rows, columns)
    case 1: // F16
      return matvecEights<F16, FloatRows<F16>>(weights, x, out, rows, columns)
    case 2: // Q4_0
      return matvecEights<Q4_0, BlockRows<Q4_0>>(weights, x, out, rows, columns)
    case 3: // Q4_1
      return matvecEights<Q4_1, BlockRows<Q4_1>>(weights, x, out, rows, columns)
    case 6: // Q5_0
      return matvecEights<Q5_0, BlockRows<Q5_0>>(weights, x, out, rows, columns)
    case 7: // Q5_1
      return matvecEights<Q5_1, BlockRows<Q5_1>>(weights, x, out, rows, columns)
    case 8: // Q8_0
      if (ASC_FEATURE_RELAXED_SIMD) {
        if (BYTE_DOTS) return matvecEights<UnsignedQ8_0, BlockRows<UnsignedQ8_0>>(weights, x, out, rows, columns)
      }
      return matvecEights<Q8_0, BlockRows<Q8_0>>(weights, x, out, rows, columns)
    case 10: // Q2_K
      return matvecOf<Q2_K>(weights, x, out, rows, columns)
    case 11: // Q3_K
      return matvecOf<Q3_K>(weights, x, out, rows, columns)
    case 12: // Q4_K
      if (ASC_FEATURE_RELAXED_SIMD) return matvecFoursOf<Q4_K>(weights, x, out, rows, columns)
      sumPairs(x + 2 * <usize>columns + ((<usize>columns) >> 3), columns)
      beginPairs(x + totalsAt(INT16, columns))
      return matvecFoursOf<Q4_KBlocks>(weights, x, out, rows, columns)
    case 13: // Q5_K
      return matvecSuperBlocks<Q5_K>(weights, x, out, rows, columns)
    case 14: // Q6_K
      if (ASC_FEATURE_RELAXED_SIMD) {
        sumHalves(x, columns, DOT_BYTES, 32)
        beginRows(x, columns)
        return matvecFoursOf<Q6_KPairs>(weights, x, out, rows, columns)
      }
      return matvecOf<Q6_KLanes>(weights, x, out, rows, columns)
    case 16: // IQ2_XXS
      return matvecOf<IQ2_XXS>(weights, x, out, rows, columns)
    case 30: // BF16
      return matvecEights<BF16, FloatRows<BF16>>(weights, x, out, rows, columns)
    case 257: // rebiased F16
      return eights<ChunkedRows<RebiasedF16>>(weights, (<usize>columns) << 1, x, out, rows, columns)
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

/** The shipped loop of matvec.ts. */
@inline
function eights<R>(weights: usize, stride: usize, x: usize, out: usize, rows: i32, columns: i32): void {
  const eighth = (rows + 7) >> 3
  const part = (eighth + 1) >> 1
  const far = <usize>eighth * stride
  const last = weights + <usize>(rows - 1) * stride
  for (let first = 0; first < part; first++) {
    for (let r = first; r < eighth; r += part) {
      const count = (rows - 1 - r) / eighth + 1
      const eight = changetype<R>(weights + <usize>r * stride)
      eight.dotEight(far, last, x, columns, out + ((<usize>r) << 2), (<usize>eighth) << 2, count)
    }
  }
}

/** Bytes of scratch for `matmul_met`: super-blocks' activations take more than the shipped ones. */
export function met_scratch(): usize {
  return EXTRA + 131072
}

export function matmul_met(
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
    case 0:
      return matmulOf<F32, LaneFloatTile<F32>>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
    case 257:
      return matmulOf<RebiasedF16, LaneFloatTile<RebiasedF16>>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
    case 8:
      return matmulOf<Q8_0, Int16Tile32<Q8_0, Int16Tile<Q8_0>>>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
    case 258:
      if (ASC_FEATURE_RELAXED_SIMD) {
        return matmulOf<Q4_0x8, Int8Tile32<Q4_0x8, X8Int8Tile<Q4_0x8>>>(
          weights, x, xStride, out, rows, columns, tokens, outStride, scratch,
        )
      }
      return matmulOf<Q4_0x8, Int16Tile32<Q4_0x8, X8Int16Tile<Q4_0x8>>>(
        weights, x, xStride, out, rows, columns, tokens, outStride, scratch,
      )
    case 12:
      if (ASC_FEATURE_RELAXED_SIMD) {
        return matmulOf<Q4_K, Q4_KSuperTile>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
      }
      return matmulOf<Q4_K, Int16Tile32WithMinimums<Q4_K, Int16Tile<Q4_K>>>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
    case 14:
      if (ASC_FEATURE_RELAXED_SIMD) {
        return matmulOf<Q6_K, Q6_KPairTile>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
      }
      return matmulOf<Q6_K, Int16Tile16InEight<Q6_K, Int16Tile<Q6_K>>>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
  }
}
