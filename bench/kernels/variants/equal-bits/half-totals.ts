/**
 * Sums of activations that their layout lacks: of 16 as integers, of 32 as f32. They are made before all rows of a
 * product, and their time counts; the engine would make them while it quantises.
 */

/** i32 for each 16 of a row of up to 16384. */
export const HALF_TOTALS = memory.data(4096, 64)

/** Of `n` activations at `x`, `width` bytes each; times `zero`, what quants count too much. */
export function sumHalves(x: usize, n: i32, width: usize, zero: i32): void {
  let to: usize = HALF_TOTALS
  for (const end = x + <usize>n * width; x < end; x += 16 * width, to += 4) {
    let fours = i32x4.splat(0)
    if (width == 2) {
      fours = i32x4.add(
        i32x4.extadd_pairwise_i16x8_s(v128.load(x)),
        i32x4.extadd_pairwise_i16x8_s(v128.load(x, 16)),
      )
    } else fours = i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_s(v128.load(x)))
    const twos = i32x4.add(fours, v128.shuffle<i32>(fours, fours, 2, 3, 0, 1))
    store<i32>(to, zero * (i32x4.extract_lane(twos, 0) + i32x4.extract_lane(twos, 1)))
  }
}

/** f32 for each 32. */
export const PAIR_SUMS = memory.data(2048, 64)

/** From the sums of 16 of `n` activations at `sums`. */
export function sumPairs(sums: usize, n: i32): void {
  for (let i: usize = 0; i < <usize>(n >> 5) << 2; i += 4) {
    store<f32>(PAIR_SUMS + i, load<f32>(sums + (i << 1)) + load<f32>(sums + (i << 1), 4))
  }
}
