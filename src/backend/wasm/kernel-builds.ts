/**
 * The builds of the kernels: plain SIMD; relaxed SIMD, which is faster and whose last bits depend on the processor; and
 * relaxed SIMD for engines that join pairs of vectors into wider ones.
 */
export const KERNEL_BUILDS = ['baseline', 'relaxed', 'wide'] as const
export type KernelBuild = (typeof KERNEL_BUILDS)[number]

/** The file of each build, next to the package's JavaScript. */
export const KERNEL_FILES = {
  baseline: 'kernels.wasm',
  relaxed: 'kernels-relaxed.wasm',
  wide: 'kernels-wide.wasm',
} as const
