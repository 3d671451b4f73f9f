/** A ceiling of this machine, measured in the same run as what is compared with it. */
export interface LimitRecord {
  /** `Node 24.1.0, WebAssembly`, `cc -O3 -march=native`. */
  readonly where: string
  /** `linear read`, `f32 multiply-add`. */
  readonly what: string
  readonly unit: 'GB/s' | 'GMAC/s'
  readonly threads: number
  /** Of each repetition, in `unit`, all threads together. */
  readonly samples: readonly number[]
}
