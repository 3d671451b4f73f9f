export interface KernelBuild {
  readonly name: 'baseline' | 'relaxed' | 'wide'
  /** In dist/. */
  readonly file: string
  /** For asc's `--enable`. */
  readonly features: string
  /** Whether loops are written for engines that join pairs of vectors. */
  readonly wide: boolean
}
export const KERNEL_BUILDS: readonly KernelBuild[]
export function ascFlags(build: KernelBuild): string[]
