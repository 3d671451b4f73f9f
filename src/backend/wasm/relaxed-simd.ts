/** The second operand, of 7 bits, which is multiplied with the argument. */
const FACTOR = 3

const GET_ARGUMENT = [0x20, 0]
const I32_CONST = 0x41
const END = 0x0b
const I8X16_SPLAT = [0xfd, 0x0f]
const I16X8_LANE_0 = [0xfd, 0x18, 0]
/** `i16x8.relaxed_dot_i8x16_i7x16_s`, of the relaxed SIMD proposal. */
const RELAXED_DOT = [0xfd, 0x92, 2]

/** Pushes the operands; the body returns 2 · x · FACTOR. */
const FACTORS = [...GET_ARGUMENT, ...I8X16_SPLAT, I32_CONST, FACTOR, ...I8X16_SPLAT]
const BODY = [...FACTORS, ...RELAXED_DOT, ...I16X8_LANE_0, END]

/** A module that exports the body as function `f`, i32 → i32. */
const PROBE = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 6, 1, 0x60, 1, 0x7f, 1, 0x7f],
  ...[3, 2, 1, 0],
  ...[7, 5, 1, 1, 0x66, 0, 0],
  ...[10, BODY.length + 3, 1, BODY.length + 1, 0, ...BODY],
)

/** Whether this runtime has relaxed SIMD, correct or not. */
export function offersRelaxedSimd(): boolean {
  return WebAssembly.validate(PROBE)
}

/**
 * Whether this runtime has relaxed SIMD (Node 22, Chrome 114, Firefox 145, Deno, Bun and newer) and computes it correctly:
 * Liftoff, V8's baseline compiler, overwrites an operand of this instruction on processors without AVX in 13.6; 14.6 is
 * fixed. The kernels themselves probe the 32-bit variant (assembly/math/byte_dots.ts).
 */
export function hasRelaxedSimd(): boolean {
  if (!offersRelaxedSimd()) return false
  let module: WebAssembly.Module
  try {
    module = new WebAssembly.Module(PROBE)
  } catch {
    // workerd does not compile bytes; its machines have AVX.
    return true
  }
  const { f } = new WebAssembly.Instance(module).exports as { f(x: number): number }
  const x = 100
  return f(x) === 2 * x * FACTOR
}
