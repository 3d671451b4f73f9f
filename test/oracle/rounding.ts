/** How llama.cpp rounds activations for a product with weights of a format. */
export type Rounding = 'f32' | 'f16' | 'bf16' | 'per-32' | 'per-256'

const WIDE: Readonly<Record<string, Rounding>> = { F32: 'f32', F16: 'f16', BF16: 'bf16' }

/** Quantised weights are multiplied with 8-bit activations with one scale per 32 values or per 256. */
export function roundingOf(format: string): Rounding {
  return WIDE[format] ?? (/^(Q[12458]_[01]|IQ4_NL|MXFP4|NVFP4)$/.test(format) ? 'per-32' : 'per-256')
}
