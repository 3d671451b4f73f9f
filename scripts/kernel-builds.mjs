/**
 * The builds of the kernels, from the same sources in assembly/. `relaxed` may use instructions whose last bits differ
 * from one processor to another (fused multiply-add) and 8-bit dot products: `ASC_FEATURE_RELAXED_SIMD` tells there.
 * Their memory is imported as not shared; src/wasm/shared-memory.ts changes that for a team of threads.
 */
export const KERNEL_BUILDS = [
  { name: 'baseline', file: 'kernels.wasm', features: 'simd,threads' },
  { name: 'relaxed', file: 'kernels-relaxed.wasm', features: 'simd,threads,relaxed-simd' },
]

/** Arguments of `asc` for the build that has these features, less the file names. */
export function ascFlags(features) {
  return [
    ...['--runtime', 'stub', '--noAssert', '-O3', '--uncheckedBehavior', 'always'],
    ...['--importMemory', '--maximumMemory', '65536', '--enable', features],
  ]
}
