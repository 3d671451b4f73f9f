export interface KernelBuild {
  readonly name: 'baseline' | 'relaxed'
  /** In dist/. */
  readonly file: string
  /** For asc's `--enable`. */
  readonly features: string
}
export const KERNEL_BUILDS: readonly KernelBuild[]
export function ascFlags(features: string): string[]
