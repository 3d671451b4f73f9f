import { f32ToF16 } from '../half.js'

/**
 * Quantizes one block: the values from `first` on, written to `bytes` from `at` on. Every operation is one of f32, in the
 * order of ggml's reference quantizers, so that the bytes are those of llama.cpp's files.
 */
export type BlockQuantizer = (values: Float32Array, first: number, bytes: Uint8Array, at: number) => void

const f32 = Math.fround

/** Adding this to an f32 below 2^22 rounds it to an integer, ties to even. */
const ROUNDER = 12582912

/** The nearest integer of an f32 below 2^22, ties to even. */
export function nearestInt(value: number): number {
  return f32(value + ROUNDER) - ROUNDER
}

/** Scales of groups whose values are all smaller are zero. */
export const SMALLEST_GROUP = /* @__PURE__ */ f32(1e-15)

/** 1 / value, or 0 for 0. */
export function inverse(value: number): number {
  return value === 0 ? 0 : f32(1 / value)
}

export function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value))
}

/** Writes the nearest f16 at `at`, and returns its bits. */
export function writeF16(bytes: Uint8Array, at: number, value: number): number {
  const half = f32ToF16(value)
  bytes[at] = half
  bytes[at + 1] = half >>> 8
  return half
}

/** The first value of `n` with the largest magnitude. */
export function extremeOf(values: Float32Array, first: number, n: number): number {
  let extreme = 0
  let largest = 0
  for (let i = first; i < first + n; i++) {
    const magnitude = Math.abs(values[i])
    if (magnitude > largest) {
      largest = magnitude
      extreme = values[i]
    }
  }
  return extreme
}
