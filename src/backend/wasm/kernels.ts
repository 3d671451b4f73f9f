import { instantiate } from '@assemblyscript/loader'
import { describeFailure } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import { isCompiled } from './engine-options.js'

/** A byte address in the kernels' memory, 0 … 2^32 − 1. */
export type Pointer = number & { readonly __pointer: unique symbol }

/** Kinds of activations that products take: `activation_kind` of the kernels. */
export const ActivationKind = { unsupported: 0, f32: 1, int16: 2, int8: 3 } as const

/**
 * The exports of `kernels.wasm`. Counts are in elements, pointers in bytes; pointers above 2 GiB need no conversion
 * (WebAssembly takes them modulo 2^32). Each export is documented in `assembly/` under the same name.
 */
export interface Kernels {
  heap_base(): number
  /** Index into `KERNEL_BUILDS`. */
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
  set_x8_streams(streams: number): void
  repack(format: number, weights: Pointer, rowBytes: number, rows: number, scratch: Pointer): void
  expand_iq3_s(from: Pointer, to: Pointer, blocks: number): void
  rebias_f16(halves: Pointer, n: number): boolean
  restore_f16(halves: Pointer, n: number): void
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
  head_project(
    format: number,
    weights: Pointer,
    rowBytes: number,
    heads: number,
    rows: number,
    columns: number,
    x: Pointer,
    out: Pointer,
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
  relu(x: Pointer, n: number): void
  relu2(x: Pointer, n: number): void
  softplus(x: Pointer, n: number): void
  sigmoid(x: Pointer, n: number): void
  tanh(x: Pointer, n: number): void
  scale_rows(x: Pointer, by: Pointer, rows: number, n: number): void
  affine(
    x: Pointer,
    weight: Pointer | 0,
    weightLength: number,
    bias: Pointer | 0,
    biasLength: number,
    rows: number,
    n: number,
  ): void
  length(x: Pointer, out: Pointer, rows: number, n: number): void
  gaussian_top_k(x: Pointer, rows: number, n: number, deviations: number): void
  mix_heads(
    x: Pointer,
    sources: number,
    by: Pointer,
    plus: number,
    out: Pointer,
    heads: number,
    rows: number,
    n: number,
  ): void
  copy_heads(
    x: Pointer,
    xRow: number,
    xHead: number,
    out: Pointer,
    outHead: number,
    rows: number,
    heads: number,
    n: number,
  ): void
  /** `norm`: a record of norms.ts. */
  norm_rows(norm: Pointer, x: Pointer, out: Pointer, rows: number, n: number, groups: number): void
  rope_norm: Rope
  rope_neox: Rope
  /** Whether all of f32[n] are finite: 1 or 0, since WebAssembly has no booleans. */
  all_finite(x: Pointer, n: number): number
  store(type: number, x: Pointer, out: Pointer, n: number): void
  /** `shape`: a record of `attention_shape_bytes` bytes; `pages`: the page table of a sequence, addresses as u32. */
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
  /** Attention over all `positions` positions of a text; `bias`: f32[heads][2 · positions - 1] by distance, or 0. */
  attention_both_ways(
    shape: Pointer,
    type: number,
    q: Pointer,
    pages: Pointer,
    keysOffset: number,
    valuesOffset: number,
    out: Pointer,
    tokens: number,
    firstPosition: number,
    positions: number,
    bias: Pointer | 0,
  ): void
  conv: Recurrent
  delta_rule: Recurrent
  state_scan: Recurrent
  /** `routing`: the record of a router; rows of f32[experts] become f32[2][used]. */
  route(routing: Pointer, logits: Pointer, out: Pointer, rows: number): void
  route_scratch(threads: number, experts: number): number
  /** `layer`: the record of a mixture. */
  experts_inner: Experts
  experts_sum: Experts
  expert_thread_scratch(columns: number): number
  attention_shape_bytes(): number
  attention_scratch(
    threads: number,
    heads: number,
    kvHeads: number,
    headDim: number,
    valueDim: number,
  ): number
}

/** Linear layers with the same input, `columns` values per token: records for `project`. */
export interface Projections {
  readonly pointer: Pointer
  readonly count: number
  readonly columns: number
  /** Sum over all of them. */
  readonly rows: number
  /** The record of the norm that is applied to the input first; 0: none. */
  readonly norm: Pointer | 0
}

export type Experts = (
  layer: Pointer,
  firstToken: number,
  tokens: number,
  batched: boolean,
  slice: number,
  slices: number,
) => void

/** `layer`: a record of recurrent-records.ts; `from`, `to`: the state before the first row and after the last one. */
export type Recurrent = (
  layer: Pointer,
  firstRow: number,
  rows: number,
  from: Pointer,
  to: Pointer,
  slice: number,
  slices: number,
) => void

export type Rope = (
  x: Pointer,
  table: Pointer,
  tokens: number,
  heads: number,
  headDim: number,
  pairs: number,
) => void

/** Bytes of a page of WebAssembly memory. */
export const PAGE_BYTES = 65536

/** Instantiates the kernels on `memory`, compiling them first if `source` is bytes. */
export async function instantiateKernels(
  source: WebAssembly.Module | BufferSource,
  memory: WebAssembly.Memory,
): Promise<Kernels> {
  try {
    const imports = { env: { memory } }
    // The loader would compile a module of another realm.
    const { exports } = isCompiled(source)
      ? await WebAssembly.instantiate(source as WebAssembly.Module, imports)
      : await instantiate<Record<keyof Kernels, unknown>>(source, imports)
    return exports as unknown as Kernels
  } catch (cause) {
    throw new DasllamaError(
      'UNSUPPORTED',
      `the kernels could not be instantiated: ${describeFailure(cause)}`,
      {
        hint: instantiationHint(cause),
        cause,
      },
    )
  }
}

function instantiationHint(cause: unknown): string {
  const reason = describeFailure(cause)
  if (/Content.Security.Policy|\bCSP\b|unsafe-eval/i.test(reason)) {
    return "the page's Content Security Policy must allow 'wasm-unsafe-eval' in its script-src; so must that of the Worker's script, if it is served with one"
  }
  if (/disallowed by embedder/i.test(reason)) {
    return 'this runtime does not compile bytes: pass a compiled WebAssembly.Module of dasllama/kernels.wasm as the option `kernels`, with threads: 1'
  }
  return 'a runtime with WebAssembly SIMD is needed: Node 20, Chrome 91, Firefox 89, Safari 16.4 or newer'
}
