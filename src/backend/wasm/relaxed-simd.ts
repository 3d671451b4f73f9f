/** Bytes, of which seven bits count, that are multiplied with the argument's. */
const FACTOR = 3

const GET_ARGUMENT = [0x20, 0]
const I32_CONST = 0x41
const END = 0x0b
const I8X16_SPLAT = [0xfd, 0x0f]
const I16X8_LANE_0 = [0xfd, 0x18, 0]
/** `i16x8.relaxed_dot_i8x16_i7x16_s`, of the relaxed SIMD proposal. */
const RELAXED_DOT = [0xfd, 0x92, 2]

/** For x: 2 · x · FACTOR. */
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

/** Whether this runtime has relaxed SIMD, right or wrong. */
export function offersRelaxedSimd(): boolean {
  return WebAssembly.validate(PROBE)
}

/**
 * Whether this runtime has relaxed SIMD (Node 22, Chrome 114, Firefox 145, Deno, Bun and newer) and computes it rightly:
 * Liftoff, V8's first compiler, overwrote an operand of this instruction on processors without AVX (13.6 does, 14.6 does not).
 * Its 32-bit sister is tried by the kernels themselves (assembly/math/byte_dots.ts).
 */
export function hasRelaxedSimd(): boolean {
  if (!offersRelaxedSimd()) return false
  let module: WebAssembly.Module
  try {
    module = new WebAssembly.Module(PROBE)
  } catch {
    // workerd compiles nothing that it gets as bytes; its machines have AVX.
    return true
  }
  const { f } = new WebAssembly.Instance(module).exports as { f(x: number): number }
  const x = 100
  return f(x) === 2 * x * FACTOR
}
