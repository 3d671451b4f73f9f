/**
 * Mixtures of experts: Σ weight · down(function(gate(x), up(x))) over the experts of each token, read straight from 3-D tensors
 * in any block format. Source: Shazeer et al. 2017.
 *
 * Tokens are grouped by expert, and each expert multiplies its tokens at once: for decode as in matvec.ts or few_tokens/, for
 * prompts with the tiles of matmul/. All experts of a token, or of a batch, are one job for the gates and one for the sums. A
 * token's sum runs in ascending order of its experts, row by row, so its bits depend neither on other tokens nor on threads.
 */
import { add } from '../add'
import { activation_bytes, FLOATS, INT16, INT8, quantize_activations } from '../activations'
import { activation_kind, matmul, matvec, matvec_tokens, tile_activation_kind } from '../formats/dispatch'
import { scale } from '../scale'
import { parallelFor, threadCount, threadIndex } from '../thread_pool'
import { Workspace } from '../workspace'
import { activate, isGated } from './functions'
import { ExpertLayer, ExpertMatrix, ExpertScratch, groupByExpert, matrixOf, PRODUCTS } from './layer'

const GATE: usize = 0
const UP: usize = 1
const DOWN: usize = 2

/** The current job, for all threads. */
@unmanaged
class Work {
  layer: ExpertLayer
  scratch: ExpertScratch
  workspace: Workspace
  firstToken: i32
  tokens: i32
  batched: bool
  slice: i32
  slices: i32
  /** Experts that have tokens, and into how many parts each one's rows of the slice are divided. */
  active: i32
  pieces: i32
}

const work = changetype<Work>(memory.data(offsetof<Work>(), 64))

/** Parts begin at multiples of this, the rows of a tile. */
const ROWS: i32 = 8
/** Parts per thread, so that threads share the load evenly. */
const PARTS_PER_THREAD: i32 = 2
/** Rows of which quantisation is not worth waking the pool. */
const FEW_ROWS: i32 = 16

/**
 * The first half: function(gate · x, up · x) of every expert of `tokens` tokens, from row `firstToken` on. `batched`: as a
 * matrix product (GEMM) instead of a product per token (GEMV). Computes slice `slice` of `slices`, a share of each expert's
 * rows; slices must be computed in order, without other uses of the scratch before the last slice of `experts_sum`.
 */
export function experts_inner(layer: usize, firstToken: i32, tokens: i32, batched: bool, slice: i32, slices: i32): void {
  begin(layer, firstToken, tokens, batched, slice, slices)
  if (slice == 0) {
    groupByExpert(work.layer, firstToken, tokens)
    quantizeInputs()
  }
  const scratch = work.scratch
  work.active = load<i32>(scratch.active)
  const rows = matrixOf(work.layer, UP).rows / slices
  work.pieces = piecesOf(rows, work.active)
  const part = innerPart
  parallelFor(part.index, work.active * work.pieces)
}

/** The second half: the weighted sums of `down` times the first half's results, sliced likewise by the rows of `down`. */
export function experts_sum(layer: usize, firstToken: i32, tokens: i32, batched: bool, slice: i32, slices: i32): void {
  begin(layer, firstToken, tokens, batched, slice, slices)
  if (slice == 0) quantizeInner()
  work.active = load<i32>(work.scratch.active)
  work.pieces = piecesOf(matrixOf(work.layer, DOWN).rows / slices, 1)
  const part = sumPart
  parallelFor(part.index, work.pieces)
}

function begin(layer: usize, firstToken: i32, tokens: i32, batched: bool, slice: i32, slices: i32): void {
  work.layer = changetype<ExpertLayer>(layer)
  work.scratch = changetype<ExpertScratch>(work.layer.scratch)
  work.workspace = changetype<Workspace>(work.scratch.workspace)
  work.firstToken = firstToken
  work.tokens = tokens
  work.batched = batched
  work.slice = slice
  work.slices = slices
}

/** Into how many parts `rows` rows are divided, so that `units` times as many parts keep all threads busy. */
function piecesOf(rows: i32, units: i32): i32 {
  const threads = threadCount()
  if (threads == 1) return 1
  return max(1, min((PARTS_PER_THREAD * threads + units - 1) / units, rows / ROWS))
}

/** The first row of a part of the slice. */
function border(rows: i32, piece: i32): i32 {
  const index = work.slice * work.pieces + piece
  const count = work.slices * work.pieces
  if (index == count) return rows
  return <i32>((<i64>rows * index) / count) & ~(ROWS - 1)
}

/** The kind of activations that a matrix takes. */
function kindOf(matrix: ExpertMatrix): i32 {
  return work.batched ? tile_activation_kind(matrix.format) : activation_kind(matrix.format)
}

/** Where the rows of `x` are, as activations of a kind, and the bytes per row. */
function inputs(kind: i32): usize {
  const layer = work.layer
  if (kind == FLOATS) return layer.x + ((<usize>(work.firstToken * layer.columns)) << 2)
  return kind == INT16 ? work.workspace.int16 : work.workspace.int8
}

/** The workspace's own stride is that of the widest rows of the model. */
function stride(kind: i32): usize {
  const columns = work.layer.columns
  return kind == FLOATS ? (<usize>columns) << 2 : (activation_bytes(kind, columns) + 63) & ~63
}

/** Whether gate or up take activations of a kind. */
function wanted(kind: i32): bool {
  const layer = work.layer
  if (kindOf(matrixOf(layer, UP)) == kind) return true
  return isGated(layer.function) && kindOf(matrixOf(layer, GATE)) == kind
}

function quantizeInputs(): void {
  if (!wanted(INT16) && !wanted(INT8)) return
  const part = quantizeInput
  if (work.tokens >= FEW_ROWS) return parallelFor(part.index, work.tokens)
  for (let token = 0; token < work.tokens; token++) quantizeInput(token)
}

function quantizeInput(token: i32): void {
  const columns = work.layer.columns
  const x = inputs(FLOATS) + <usize>token * stride(FLOATS)
  if (wanted(INT16)) quantize_activations(INT16, x, inputs(INT16) + <usize>token * stride(INT16), columns)
  if (wanted(INT8)) quantize_activations(INT8, x, inputs(INT8) + <usize>token * stride(INT8), columns)
}

function quantizeInner(): void {
  if (kindOf(matrixOf(work.layer, DOWN)) == FLOATS) return
  const rows = work.tokens * work.layer.used
  const part = quantizeInnerRow
  if (rows >= FEW_ROWS) return parallelFor(part.index, rows)
  for (let row = 0; row < rows; row++) quantizeInnerRow(row)
}

function quantizeInnerRow(row: i32): void {
  const scratch = work.scratch
  const columns = matrixOf(work.layer, UP).rows
  const x = scratch.inner + ((<usize>(row * columns)) << 2)
  const to = scratch.quantized + <usize>row * scratch.quantizedStride
  quantize_activations(kindOf(matrixOf(work.layer, DOWN)), x, to, columns)
}

/** The expert of an index among those that have tokens. */
@inline
function expertOf(index: i32): i32 {
  return load<i32>(work.scratch.active + ((<usize>(index + 1)) << 2))
}

@inline
function startOf(expert: i32): i32 {
  return load<i32>(work.scratch.starts + ((<usize>expert) << 2))
}

/** A thread's products, f32[PRODUCTS]; collected rows of activations follow. */
@inline
function productsOfThread(): usize {
  return work.scratch.threads + <usize>threadIndex() * work.scratch.threadBytes
}

/** A part of one expert's rows of gate and up. */
function innerPart(part: i32): void {
  const layer = work.layer
  const expert = expertOf(part / work.pieces)
  const start = startOf(expert)
  const count = startOf(expert + 1) - start
  const up = matrixOf(layer, UP)
  const end = border(up.rows, part % work.pieces + 1)
  const most = (PRODUCTS / count) & ~(ROWS - 1)
  const product = productsOfThread()
  const gated = isGated(layer.function)
  const upKind = kindOf(up)
  const gate = matrixOf(layer, GATE)
  const gateKind = gated ? kindOf(gate) : upKind
  const outBytes = (<usize>up.rows) << 2
  for (let first = border(up.rows, part % work.pieces); first < end; first += most) {
    const rows = min(most, end - first)
    const inner = work.scratch.inner + ((<usize>(start * up.rows + first)) << 2)
    let x = collected(gateKind, start, count)
    if (gated) {
      multiply(gate, expert, first, rows, x, stride(gateKind), layer.columns, inner, up.rows, count)
      if (upKind != gateKind) x = collected(upKind, start, count)
      multiply(up, expert, first, rows, x, stride(upKind), layer.columns, product, rows, count)
    } else multiply(up, expert, first, rows, x, stride(upKind), layer.columns, inner, up.rows, count)
    for (let i = 0; i < count; i++) {
      activate(layer.function, inner + <usize>i * outBytes, product + ((<usize>(i * rows)) << 2), rows)
    }
  }
}

/** The activations of an expert's tokens, one row after another: where they are if they are neighbours, else copies. */
function collected(kind: i32, start: i32, count: i32): usize {
  const tokens = work.scratch.tokens + ((<usize>start) << 2)
  const rows = inputs(kind)
  const bytes = stride(kind)
  const first = load<i32>(tokens)
  if (load<i32>(tokens + ((<usize>(count - 1)) << 2)) - first == count - 1) return rows + <usize>first * bytes
  const copies = productsOfThread() + ((<usize>PRODUCTS) << 2)
  for (let i: usize = 0; i < <usize>count; i++) {
    memory.copy(copies + i * bytes, rows + <usize>load<i32>(tokens + (i << 2)) * bytes, bytes)
  }
  return copies
}

/** A part of the rows of `down`, of all experts, with the weighted sums. */
function sumPart(part: i32): void {
  const layer = work.layer
  const scratch = work.scratch
  const down = matrixOf(layer, DOWN)
  const columns = matrixOf(layer, UP).rows
  const begin = border(down.rows, part)
  const end = border(down.rows, part + 1)
  const out = layer.out + ((<usize>(work.firstToken * down.rows)) << 2)
  const outBytes = (<usize>down.rows) << 2
  for (let token = 0; token < work.tokens; token++) {
    memory.fill(out + <usize>token * outBytes + ((<usize>begin) << 2), 0, (<usize>(end - begin)) << 2)
  }
  const kind = kindOf(down)
  const xBytes: usize = kind == FLOATS ? (<usize>columns) << 2 : scratch.quantizedStride
  const inputs = kind == FLOATS ? scratch.inner : scratch.quantized
  const product = productsOfThread()
  for (let index = 0; index < work.active; index++) {
    const expert = expertOf(index)
    const start = startOf(expert)
    const count = startOf(expert + 1) - start
    const most = (PRODUCTS / count) & ~(ROWS - 1)
    for (let first = begin; first < end; first += most) {
      const rows = min(most, end - first)
      multiply(down, expert, first, rows, inputs + <usize>start * xBytes, xBytes, columns, product, rows, count)
      for (let i = 0; i < count; i++) {
        const at = (<usize>(start + i)) << 2
        const to = out + <usize>load<i32>(scratch.tokens + at) * outBytes + ((<usize>first) << 2)
        addTimes(product + ((<usize>(i * rows)) << 2), load<f32>(scratch.weights + at), to, rows)
      }
    }
  }
}

/** `rows` rows of one expert, from row `first` on, times `count` tokens: f32[count][outStride] at `out`. */
function multiply(
  matrix: ExpertMatrix,
  expert: i32,
  first: i32,
  rows: i32,
  x: usize,
  xBytes: usize,
  columns: i32,
  out: usize,
  outStride: i32,
  count: i32,
): void {
  const format = matrix.format
  const weights = matrix.weights + <usize>expert * matrix.expertBytes + <usize>first * matrix.rowBytes
  const outBytes = (<usize>outStride) << 2
  if (count == 1 && !work.batched) matvec(format, weights, x, out, rows, columns)
  else {
    const panel = work.workspace.panels + <usize>threadIndex() * work.workspace.panelBytes
    if (work.batched) matmul(format, weights, x, xBytes, out, rows, columns, count, outStride, panel)
    else matvec_tokens(format, weights, x, xBytes, out, outBytes, rows, columns, count, panel)
  }
  if (matrix.scale == 0 && matrix.bias == 0) return
  const bias = matrix.bias + <usize>expert * matrix.biasBytes + ((<usize>first) << 2)
  for (let i = 0; i < count; i++, out += outBytes) {
    if (matrix.scale != 0) scale(out, rows, load<f32>(matrix.scale + ((<usize>expert) << 2)))
    if (matrix.bias != 0) add(bias, out, rows)
  }
}

/** out[i] += x[i] · by for f32[n]. */
function addTimes(x: usize, by: f32, out: usize, n: i32): void {
  const factor = f32x4.splat(by)
  const end = x + ((<usize>n) << 2)
  for (; x + 16 <= end; x += 16, out += 16) {
    v128.store(out, f32x4.add(v128.load(out), f32x4.mul(v128.load(x), factor)))
  }
  for (; x < end; x += 4, out += 4) store<f32>(out, load<f32>(out) + load<f32>(x) * by)
}
