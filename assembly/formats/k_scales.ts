/**
 * The 6-bit scales and minimums of Q4_K and Q5_K: 8 of each in 12 bytes. Byte i and byte 4 + i (i < 4) hold scale i
 * and minimum i in their low 6 bits; scale and minimum 4 + i have their low 4 bits in the nibbles of byte 8 + i
 * and their high 2 bits on top of byte i and byte 4 + i.
 */

/** Four bytes of a word as f32. (The unsigned conversion is eight instructions on x64, the signed one is one.) */
@inline
function toF32x4(word: u32): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(i32x4.splat(word))))
}

/** Scales 0…3 of the packed 12 bytes at `packed`. */
@inline
export function scales0(packed: usize): v128 {
  return toF32x4(load<u32>(packed) & 0x3f3f3f3f)
}

/** Scales 4…7. */
@inline
export function scales4(packed: usize): v128 {
  return toF32x4((load<u32>(packed + 8) & 0x0f0f0f0f) | ((load<u32>(packed) >> 2) & 0x30303030))
}

/** Minimums 0…3. */
@inline
export function minimums0(packed: usize): v128 {
  return toF32x4(load<u32>(packed + 4) & 0x3f3f3f3f)
}

/** Minimums 4…7. */
@inline
export function minimums4(packed: usize): v128 {
  return toF32x4(((load<u32>(packed + 8) >> 4) & 0x0f0f0f0f) | ((load<u32>(packed + 4) >> 2) & 0x30303030))
}

/** From eight sums of 16 activations each at `sums`, four sums of 32. */
@inline
function pairSums(sums: usize): v128 {
  const a = v128.load(sums)
  const b = v128.load(sums + 16)
  return f32x4.add(v128.shuffle<i32>(a, b, 0, 2, 4, 6), v128.shuffle<i32>(a, b, 1, 3, 5, 7))
}

/** The eight minimums times the sums of their activations, in four lanes. */
@inline
export function dotMinimums(packed: usize, sums: usize): v128 {
  return f32x4.add(
    f32x4.mul(minimums0(packed), pairSums(sums)),
    f32x4.mul(minimums4(packed), pairSums(sums + 32)),
  )
}
