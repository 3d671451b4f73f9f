/**
 * Linear layers of one input, computed together: q, k and v, or gate and up, are one job of the thread pool. What follows
 * the product (bias, gate, residual) is done for each row by the thread that computed it.
 */
import { add } from './add'
import { FLOATS, INT16, INT8, quantize_activations } from './activations'
import { activation_kind, matmul, matvec, matvec_tokens, tile_activation_kind } from './formats/dispatch'
import { geglu, swiglu } from './gates'
import { Norm, normalize } from './norm'
import { scale } from './scale'
import { parallelFor, threadCount, threadIndex } from './thread_pool'
import { Workspace } from './workspace'

/** Uses of a product, once it has been scaled and its bias added: it stays in `product`. */
const STORE: i32 = 0
/** It is added to `out`, f32[tokens][rows]. */
const ADD: i32 = 1
/** It is gated by the previous projection's product, `out`: out = silu(out) · product. */
const SWIGLU: i32 = 2
const GEGLU: i32 = 3

/** One linear layer, in 32-bit words; JavaScript writes it (src/backend/wasm/projection.ts). */
@unmanaged
class Projection {
  /** ggml's type number of the matrix. */
  format: i32
  /** The matrix: `rows` rows of `rowBytes`. */
  weights: usize
  rowBytes: usize
  rows: i32
  /** f32[1], a factor of the product before its bias is added, or 0. */
  scale: usize
  /** f32[rows], or 0. */
  bias: usize
  /** f32[tokens][rows]: the product is written here first. */
  product: usize
  /** STORE, ADD, SWIGLU or GEGLU. */
  use: i32
  /** For ADD and the gates: f32[tokens][rows]. */
  out: usize
}

/** The current job, for all threads. */
@unmanaged
class Work {
  projections: usize
  count: i32
  /** The caller's x; with a `norm`, a Norm, the norm of x is the input. */
  given: usize
  norm: usize
  x: usize
  columns: i32
  firstToken: i32
  tokens: i32
  batched: bool
  workspace: Workspace
  /** Which kinds of activations are needed. */
  int16: bool
  int8: bool
  /** Slice `slice` of `slices` slices of the rows. */
  slice: i32
  slices: i32
  /** Parts into which the slice's rows are divided. */
  parts: i32
}

const PROJECTION_BYTES = offsetof<Projection>()
const work = changetype<Work>(memory.data(offsetof<Work>(), 64))

/** Parts begin at multiples of this, the rows of a tile. */
const ROWS: i32 = 8
/** Parts per thread: more would balance the load better, but shorten the streams of matvec.ts. */
const PARTS_PER_THREAD: i32 = 2

/**
 * Computes the `count` projections at `projections` for `tokens` rows of `x`, f32[…][columns], from row `firstToken` on; or
 * for their norm `norm`, a Norm, if that is not 0. Results are written to the same row indices.
 * `batched`: as a matrix product (GEMM) instead of a product per token (GEMV).
 *
 * Computes only slice `slice` of `slices`, about the same share of every projection's rows. Slices must be computed in
 * order, from 0 on, without other uses of the workspace in between. A row's result does not depend on its slice.
 */
export function project(
  projections: usize,
  count: i32,
  norm: usize,
  x: usize,
  columns: i32,
  firstToken: i32,
  tokens: i32,
  batched: bool,
  workspace: usize,
  slice: i32,
  slices: i32,
): void {
  work.projections = projections
  work.count = count
  const offset = (<usize>(firstToken * columns)) << 2
  work.given = x + offset
  work.norm = norm
  work.columns = columns
  work.firstToken = firstToken
  work.tokens = tokens
  work.batched = batched
  work.workspace = changetype<Workspace>(workspace)
  work.x = norm ? work.workspace.normed : work.given
  work.int16 = wanted(INT16)
  work.int8 = wanted(INT8)
  if (slice == 0 && (norm != 0 || work.int16 || work.int8)) prepare()
  const rows = changetype<Projection>(projections).rows / slices
  const parts = threadCount() == 1 ? 1 : min(PARTS_PER_THREAD * threadCount(), max(1, rows / ROWS))
  work.slice = slice
  work.slices = slices
  work.parts = parts
  const part = projectPart
  parallelFor(part.index, parts)
}

function projection(index: i32): Projection {
  return changetype<Projection>(work.projections + <usize>index * PROJECTION_BYTES)
}

/** The kind of activations that a projection takes. */
function kindOf(p: Projection): i32 {
  return work.batched ? tile_activation_kind(p.format) : activation_kind(p.format)
}

function wanted(kind: i32): bool {
  for (let i = 0; i < work.count; i++) if (kindOf(projection(i)) == kind) return true
  return false
}

function input(kind: i32): usize {
  if (kind == FLOATS) return work.x
  return kind == INT16 ? work.workspace.int16 : work.workspace.int8
}

function stride(kind: i32): usize {
  if (kind == FLOATS) return (<usize>work.columns) << 2
  return kind == INT16 ? work.workspace.int16Stride : work.workspace.int8Stride
}

/** Norms and quantises the input: batched, in a part per token; a few tokens are done before another thread would start. */
function prepare(): void {
  const part = prepareToken
  if (work.batched) return parallelFor(part.index, work.tokens)
  for (let token = 0; token < work.tokens; token++) prepareToken(token)
}

function prepareToken(token: i32): void {
  const columns = work.columns
  const offset = <usize>(token * columns) << 2
  const x = work.x + offset
  if (work.norm) normalize(changetype<Norm>(work.norm), work.given + offset, x, columns, 0)
  if (work.int16) quantize_activations(INT16, x, input(INT16) + <usize>token * stride(INT16), columns)
  if (work.int8) quantize_activations(INT8, x, input(INT8) + <usize>token * stride(INT8), columns)
}

/** Computes part `part` of the slice's rows of every projection. */
function projectPart(part: i32): void {
  for (let i = 0; i < work.count; i++) {
    const p = projection(i)
    const first = border(p.rows, part)
    const rows = border(p.rows, part + 1) - first
    if (rows == 0) continue
    multiply(p, first, rows)
    for (let token = 0; token < work.tokens; token++) {
      const offset = <usize>((work.firstToken + token) * p.rows + first) << 2
      if (p.scale != 0) scale(p.product + offset, rows, load<f32>(p.scale))
      if (p.bias != 0) add(p.bias + (<usize>first << 2), p.product + offset, rows)
      if (p.use == ADD) add(p.product + offset, p.out + offset, rows)
      else if (p.use == SWIGLU) swiglu(p.out + offset, p.product + offset, rows)
      else if (p.use == GEGLU) geglu(p.out + offset, p.product + offset, rows)
    }
  }
}

/** The first row of a part of the slice. */
function border(rows: i32, part: i32): i32 {
  const index = work.slice * work.parts + part
  const count = work.slices * work.parts
  if (index == count) return rows
  return <i32>((<i64>rows * index) / count) & ~(ROWS - 1)
}

function multiply(p: Projection, first: i32, rows: i32): void {
  const weights = p.weights + <usize>first * p.rowBytes
  const out = p.product + (<usize>(work.firstToken * p.rows + first) << 2)
  const kind = kindOf(p)
  const x = input(kind)
  const step = stride(kind)
  const columns = work.columns
  const tokens = work.tokens
  if (tokens == 1 && !work.batched) return matvec(p.format, weights, x, out, rows, columns)
  const workspace = work.workspace
  const scratch = workspace.panels + <usize>threadIndex() * workspace.panelBytes
  if (work.batched) matmul(p.format, weights, x, step, out, rows, columns, tokens, p.rows, scratch)
  else matvec_tokens(p.format, weights, x, step, out, (<usize>p.rows) << 2, rows, columns, tokens, scratch)
}
