/** A linear layer whose matrix is another one for each head, as in latent attention. */
import { activation_bytes, FLOATS, INT16, quantize_activations } from './activations'
import { activation_kind, matmul, matvec, matvec_tokens, tile_activation_kind } from './formats/dispatch'
import { parallelFor, threadIndex } from './thread_pool'
import { Workspace } from './workspace'

/** The current job, for all threads. */
@unmanaged
class HeadWork {
  format: i32
  weights: usize
  rowBytes: usize
  heads: i32
  rows: i32
  columns: i32
  /** The first token's input and output. */
  given: usize
  out: usize
  tokens: i32
  batched: bool
  workspace: Workspace
  kind: i32
  /** Inputs of the kind `kind`, one per token and head, and their bytes. */
  x: usize
  inputBytes: usize
  firstHead: i32
}

const work = changetype<HeadWork>(memory.data(offsetof<HeadWork>(), 64))

/**
 * out[token][head] = matrix[head] · x[token][head] for `tokens` tokens from `firstToken` on: x is f32[…][heads][columns], out
 * f32[…][heads][rows]; each head's matrix has `rows` rows of `rowBytes`, one head after the other from `weights` on.
 * `batched`: as a matrix product (GEMM) instead of a product per token (GEMV).
 *
 * Computes only slice `slice` of `slices`, a share of the heads. Slices must be computed in order, from 0 on, without other
 * uses of the workspace in between.
 */
export function head_project(
  format: i32,
  weights: usize,
  rowBytes: usize,
  heads: i32,
  rows: i32,
  columns: i32,
  x: usize,
  out: usize,
  firstToken: i32,
  tokens: i32,
  batched: bool,
  workspace: usize,
  slice: i32,
  slices: i32,
): void {
  work.format = format
  work.weights = weights
  work.rowBytes = rowBytes
  work.heads = heads
  work.rows = rows
  work.columns = columns
  work.given = x + ((<usize>(firstToken * heads * columns)) << 2)
  work.out = out + ((<usize>(firstToken * heads * rows)) << 2)
  work.tokens = tokens
  work.batched = batched
  work.workspace = changetype<Workspace>(workspace)
  const kind = batched ? tile_activation_kind(format) : activation_kind(format)
  work.kind = kind
  if (kind == FLOATS) {
    work.x = work.given
    work.inputBytes = (<usize>columns) << 2
  } else {
    work.x = kind == INT16 ? work.workspace.int16 : work.workspace.int8
    work.inputBytes = activation_bytes(kind, columns)
    if (slice == 0) prepare()
  }
  const first = (heads * slice) / slices
  work.firstHead = first
  const part = headPart
  parallelFor(part.index, (heads * (slice + 1)) / slices - first)
}

/** Quantises the inputs: batched, in a part per token; a few tokens are done before another thread would start. */
function prepare(): void {
  const part = prepareToken
  if (work.batched) return parallelFor(part.index, work.tokens)
  for (let token = 0; token < work.tokens; token++) prepareToken(token)
}

function prepareToken(token: i32): void {
  const columns = work.columns
  const heads = work.heads
  for (let input = token * heads; input < (token + 1) * heads; input++) {
    const from = work.given + ((<usize>(input * columns)) << 2)
    quantize_activations(work.kind, from, work.x + <usize>input * work.inputBytes, columns)
  }
}

/** One head, all tokens. */
function headPart(part: i32): void {
  const head = work.firstHead + part
  const rows = work.rows
  const columns = work.columns
  const tokens = work.tokens
  const weights = work.weights + <usize>(head * rows) * work.rowBytes
  const x = work.x + <usize>head * work.inputBytes
  const out = work.out + ((<usize>(head * rows)) << 2)
  if (tokens == 1 && !work.batched) return matvec(work.format, weights, x, out, rows, columns)
  const workspace = work.workspace
  const scratch = workspace.panels + <usize>threadIndex() * workspace.panelBytes
  const step = <usize>work.heads * work.inputBytes
  const width = work.heads * rows
  if (work.batched) matmul(work.format, weights, x, step, out, rows, columns, tokens, width, scratch)
  else matvec_tokens(work.format, weights, x, step, out, (<usize>width) << 2, rows, columns, tokens, scratch)
}
