/** A module whose one function adds three vectors' products: `f32x4.relaxed_madd`, of the relaxed SIMD proposal. */
const PROBE = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  // One type: (v128) → v128; one function of it.
  ...[1, 6, 1, 0x60, 1, 0x7b, 1, 0x7b],
  ...[3, 2, 1, 0],
  // local.get 0, three times; f32x4.relaxed_madd; end.
  ...[10, 13, 1, 11, 0, 0x20, 0, 0x20, 0, 0x20, 0, 0xfd, 0x85, 2, 0x0b],
)

/** Whether this runtime has relaxed SIMD: Node 22, Chrome 114, Firefox 145, Deno, Bun and newer. */
export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(PROBE)
}
