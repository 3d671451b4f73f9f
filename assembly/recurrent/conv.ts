/**
 * Causal convolution over the rows of a sequence, each channel for itself, optionally with the silu that usually follows:
 * out[t] = bias + Σ over j < taps of kernel[j] · x[t - taps + 1 + j]. Its state is the last taps - 1 rows of x, oldest first.
 */
import { madd } from '../math/lanes'
import { silu4 } from '../silu'
import { parallelFor, threadCount } from '../thread_pool'
import { channelBorder } from './share'

/** A convolution, in 32-bit words; JavaScript writes it (src/backend/wasm/steps/recurrent-records.ts). */
@unmanaged
class Conv {
  /** f32[…][channels]. */
  x: usize
  out: usize
  /** f32[taps][channels], the newest row's tap last. */
  kernel: usize
  /** f32[channels], or 0. */
  bias: usize
  channels: i32
  taps: i32
  /** Whether results go through silu. */
  silu: i32
}

/** The current call, for all threads. */
@unmanaged
class Work {
  conv: Conv
  /** Of the call's first row. */
  x: usize
  out: usize
  rows: i32
  /** f32[taps - 1][channels]: the state before the first row, and where the one after the last row goes. */
  from: usize
  to: usize
  first: i32
  end: i32
  parts: i32
}

const work = changetype<Work>(memory.data(offsetof<Work>(), 64))

/** Values below which the main thread is done before the workers have begun. */
const SHARED_VALUES: i32 = 8192
/** Channels of all rows that are computed in turn: their rows and taps stay in the L1 cache. */
const BLOCK: i32 = 256

/**
 * Computes `rows` rows from `firstRow` on, from the state at `from`, and writes the state after the last one to `to`, which is
 * not `from`. Computes slice `slice` of `slices`, a share of the channels.
 */
export function conv(conv: usize, firstRow: i32, rows: i32, from: usize, to: usize, slice: i32, slices: i32): void {
  const it = changetype<Conv>(conv)
  const channels = it.channels
  const offset = (<usize>(firstRow * channels)) << 2
  work.conv = it
  work.x = it.x + offset
  work.out = it.out + offset
  work.rows = rows
  work.from = from
  work.to = to
  const first = channelBorder(channels, slice, slices)
  const end = channelBorder(channels, slice + 1, slices)
  work.first = first
  work.end = end
  const blocks = (end - first + BLOCK - 1) / BLOCK
  const parts = rows * (end - first) < SHARED_VALUES ? 1 : min(blocks, 2 * threadCount())
  work.parts = parts
  const part = convPart
  parallelFor(part.index, parts)
}

function convPart(part: i32): void {
  const width = work.end - work.first
  const end = work.first + channelBorder(width, part + 1, work.parts)
  for (let first = work.first + channelBorder(width, part, work.parts); first < end; first += BLOCK) {
    const last = min(end, first + BLOCK)
    const silu = work.conv.silu != 0
    for (let row = 0; row < work.rows; row++) {
      if (silu) convolve(true, row, first, last)
      else convolve(false, row, first, last)
    }
    keep(first, last)
  }
}

/** Writes channels `first` to `end` of the state after the last row. */
function keep(first: i32, end: i32): void {
  const rowBytes = (<usize>work.conv.channels) << 2
  const start = (<usize>first) << 2
  const bytes = (<usize>(end - first)) << 2
  const kept = work.conv.taps - 1
  for (let i = 0; i < kept; i++) {
    const row = work.rows + i - kept
    const source = row < 0 ? work.from + <usize>(work.rows + i) * rowBytes : work.x + <usize>row * rowBytes
    memory.copy(work.to + <usize>i * rowBytes + start, source + start, bytes)
  }
}

/** Channels `first` to `end` of one row. */
@inline
function convolve(silu: bool, row: i32, first: i32, end: i32): void {
  const it = work.conv
  const rowBytes = (<usize>it.channels) << 2
  // The oldest taps read the state.
  const early = max(it.taps - 1 - row, 0)
  const oldest = work.from + <usize>row * rowBytes
  const own = work.x + <usize>(row - it.taps + 1 + early) * rowBytes
  const out = work.out + <usize>row * rowBytes
  let at = (<usize>first) << 2
  const last = (<usize>end) << 2
  for (; at + 16 <= last; at += 16) {
    let sum = it.bias ? v128.load(it.bias + at) : f32x4.splat(0)
    let kernel = it.kernel + at
    let x = oldest + at
    for (let tap = 0; tap < early; tap++, x += rowBytes, kernel += rowBytes) {
      sum = madd(v128.load(x), v128.load(kernel), sum)
    }
    x = own + at
    for (let tap = early; tap < it.taps; tap++, x += rowBytes, kernel += rowBytes) {
      sum = madd(v128.load(x), v128.load(kernel), sum)
    }
    v128.store(out + at, silu ? silu4(sum) : sum)
  }
  for (; at < last; at += 4) {
    let sum = it.bias ? v128.load32_zero(it.bias + at) : f32x4.splat(0)
    let kernel = it.kernel + at
    let x = oldest + at
    for (let tap = 0; tap < early; tap++, x += rowBytes, kernel += rowBytes) {
      sum = madd(v128.load32_zero(x), v128.load32_zero(kernel), sum)
    }
    x = own + at
    for (let tap = early; tap < it.taps; tap++, x += rowBytes, kernel += rowBytes) {
      sum = madd(v128.load32_zero(x), v128.load32_zero(kernel), sum)
    }
    v128.store32_lane(out + at, silu ? silu4(sum) : sum, 0)
  }
}
