/**
 * The builds of the kernels, from the same sources in assembly/. `relaxed` may use instructions whose last bits differ
 * from one processor to another (fused multiply-add) and 8-bit dot products: `ASC_FEATURE_RELAXED_SIMD` is set.
 * `wide` is `relaxed` with loops for engines that join pairs of 128-bit operations into 256-bit ones: `WIDE` is set.
 * Their memory is imported as not shared; src/backend/wasm/shared-memory.ts changes that for a thread pool.
 */
export const KERNEL_BUILDS = [
  { name: 'baseline', file: 'kernels.wasm', features: 'simd,threads', wide: false },
  { name: 'relaxed', file: 'kernels-relaxed.wasm', features: 'simd,threads,relaxed-simd', wide: false },
  { name: 'wide', file: 'kernels-wide.wasm', features: 'simd,threads,relaxed-simd', wide: true },
]

/** Arguments of `asc` for a build, without the file names. */
export function ascFlags({ features, wide }) {
  return [
    ...['--runtime', 'stub', '--noAssert', '-O3', '--uncheckedBehavior', 'always'],
    // Memory is zero at first, so static zeros, such as unpacked codebooks before they are, take no bytes of the file.
    ...[
      '--importMemory',
      '--zeroFilledMemory',
      '--maximumMemory',
      '65536',
      '--enable',
      features,
      '--use',
      `WIDE=${Number(wide)}`,
    ],
  ]
}
