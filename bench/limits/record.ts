/** An upper limit of this machine, measured in the same run as the figures that are compared with it. */
export interface LimitRecord {
  /** `WebAssembly in Node 24.1.0`; `native` is C, compiled for this processor. */
  readonly where: string
  /** `read`, `f32x4.relaxed_madd`. */
  readonly what: string
  readonly unit: 'GB/s' | 'GMAC/s'
  readonly threads: number
  /** Of each repetition, in `unit`, all threads together. */
  readonly samples: readonly number[]
}
