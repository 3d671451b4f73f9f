import { instantiate } from '@assemblyscript/loader'
import { DasllamaError } from '../../errors.js'

/** A byte address in the kernels' memory, 0 … 2^32 − 1. */
export type Pointer = number & { readonly __pointer: unique symbol }

/** What a product takes instead of f32, if anything: `activation_kind` of the kernels. */
export const ActivationKind = { unsupported: 0, f32: 1, int16: 2, int8: 3 } as const

/**
 * The exports of `kernels.wasm`. Counts are elements, pointers bytes; a pointer above 2 GiB may be passed as it is
 * (WebAssembly takes it modulo 2^32). What each one computes stands in `assembly/`, by the same name.
 */
export interface Kernels {
  heap_base(): number
  /** Its place in `KERNEL_BUILDS`. */
  build(): number
  activation_kind(format: number): number
  dequantize(format: number, row: Pointer, out: Pointer, n: number): void
  dequantize_row(
    format: number,
    weights: Pointer,
    rowBytes: number,
    row: number,
    out: Pointer,
    n: number,
  ): void
  x8_format(format: number): number
  repack(format: number, weights: Pointer, rowBytes: number, rows: number, scratch: Pointer): void
  rebias_f16(halves: Pointer, n: number): boolean
  restore_f16(raised: Pointer, n: number): void
  activation_bytes(kind: number, n: number): number
  matmul_scratch(columns: number): number
  project(
    projections: Pointer,
    count: number,
    norm: Pointer | 0,
    x: Pointer,
    columns: number,
    firstToken: number,
    tokens: number,
    batched: boolean,
    workspace: Pointer,
    slice: number,
    slices: number,
  ): void
  pool_start(threads: number, maySleep: boolean): void
  pool_serve(number: number): void
  pool_shut_down(): void
  add(x: Pointer, out: Pointer, n: number): void
  multiply(x: Pointer, out: Pointer, n: number): void
  scale(x: Pointer, n: number, by: number): void
  softcap(x: Pointer, n: number, cap: number): void
  silu(x: Pointer, n: number): void
  gelu(x: Pointer, n: number): void
  norm_rows(x: Pointer, weight: Pointer, out: Pointer, rows: number, n: number, epsilon: number): void
  rope_norm: Rope
  rope_neox: Rope
  /** Whether none of f32[n] is NaN or infinite; 0 for no, as WebAssembly has it. */
  all_finite(x: Pointer, n: number): number
  store(type: number, x: Pointer, out: Pointer, n: number): void
  /** `shape`: a record of `attention_shape_bytes`; `pages`: a table of the addresses of a sequence's pages, u32 each. */
  attention(
    shape: Pointer,
    type: number,
    q: Pointer,
    pages: Pointer,
    keysOffset: number,
    valuesOffset: number,
    out: Pointer,
    tokens: number,
    firstPosition: number,
  ): void
  attention_shape_bytes(): number
  attention_scratch(threads: number, heads: number, kvHeads: number, headDim: number): number
}

/** Linear layers that read the same input of `columns` values a token: records for `project`. */
export interface Projections {
  readonly pointer: Pointer
  readonly count: number
  readonly columns: number
  /** Of all of them together. */
  readonly rows: number
  /** Weights of the norm that the input goes through first, f32[columns]; 0: none. */
  readonly norm: Pointer | 0
}

export type Rope = (
  x: Pointer,
  table: Pointer,
  tokens: number,
  heads: number,
  headDim: number,
  pairs: number,
) => void

/**
 * The builds of the kernels: plain SIMD; relaxed SIMD, faster and with last bits that depend on the processor; and the
 * same for engines that join pairs of vectors into wider ones.
 */
export const KERNEL_BUILDS = ['baseline', 'relaxed', 'wide'] as const
export type KernelBuild = (typeof KERNEL_BUILDS)[number]

/** A build's file beside the package's JavaScript. */
export const KERNEL_FILES = {
  baseline: 'kernels.wasm',
  relaxed: 'kernels-relaxed.wasm',
  wide: 'kernels-wide.wasm',
} as const

/** WebAssembly's page, in bytes. */
export const PAGE_BYTES = 65536

/** Compiles what is not compiled yet and binds the kernels to `memory`. */
export async function instantiateKernels(
  source: WebAssembly.Module | BufferSource,
  memory: WebAssembly.Memory,
): Promise<Kernels> {
  try {
    const { exports } = await instantiate<Record<keyof Kernels, unknown>>(source, { env: { memory } })
    return exports as unknown as Kernels
  } catch (cause) {
    throw new DasllamaError('UNSUPPORTED', 'the kernels could not be instantiated', {
      hint: 'a runtime with WebAssembly SIMD is needed: Node 20, Chrome 91, Firefox 89, Safari 16.4 or newer',
      cause,
    })
  }
}
