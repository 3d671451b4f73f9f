/** Records of a mixture's experts, and how the tokens of a call are grouped by expert. */

/** A matrix of all experts, in 32-bit words; JavaScript writes it (src/backend/wasm/experts/expert-records.ts). */
@unmanaged
export class ExpertMatrix {
  /** ggml's type number. */
  format: i32
  /** The first expert's rows, of `rowBytes` each, and the bytes from one expert to the next. */
  weights: usize
  rowBytes: usize
  expertBytes: usize
  /** Of each expert. */
  rows: i32
  /** The first expert's f32[rows], or 0; and the bytes from one expert to the next. */
  bias: usize
  biasBytes: usize
  /** f32[experts], factors of the products before their bias; or 0. */
  scale: usize
}

/** What experts of one layer need; the matrices gate (unused without a gate), up and down follow. */
@unmanaged
export class ExpertLayer {
  /** See functions.ts. */
  function: i32
  experts: i32
  /** Experts per token. */
  used: i32
  /** Width of `x`. */
  columns: i32
  /** f32[tokens][columns], f32[tokens][2][used] as `route` writes it, and f32[tokens][rows of `down`]. */
  x: usize
  routes: usize
  out: usize
  /** ExpertScratch. */
  scratch: usize
}

/** Scratch of all mixtures of a model, in 32-bit words. `assignments` are pairs of a token and one of its experts. */
@unmanaged
export class ExpertScratch {
  /** Scratch of linear layers, see workspace.ts. */
  workspace: usize
  /** By assignment, in ascending order of experts, then of tokens: i32 tokens and f32 weights. */
  tokens: usize
  weights: usize
  /** i32[experts + 1]: where each expert's assignments begin. */
  starts: usize
  /** i32[experts + 1]: the number of experts that have tokens, then their indices in ascending order. */
  active: usize
  /** f32[assignments][rows of `up`]. */
  inner: usize
  /** The same as quantised activations, and the bytes per row. */
  quantized: usize
  quantizedStride: usize
  /** Per thread: f32[PRODUCTS], then up to 128 rows of activations; and the bytes per thread. */
  threads: usize
  threadBytes: usize
}

/** Products that a thread keeps at a time: 256 rows of 128 tokens. */
export const PRODUCTS: i32 = 32768

/** Bytes of a thread's scratch for experts whose widest input has `columns` values. */
export function expert_thread_scratch(columns: i32): usize {
  return (<usize>PRODUCTS << 2) + 128 * (((<usize>columns) << 2) + 64)
}

/** `matrix`: 0 gate, 1 up, 2 down. */
@inline
export function matrixOf(layer: ExpertLayer, matrix: usize): ExpertMatrix {
  return changetype<ExpertMatrix>(changetype<usize>(layer) + offsetof<ExpertLayer>() + matrix * offsetof<ExpertMatrix>())
}

/** Sorts the assignments of `tokens` tokens, from `firstToken` on, by expert (a counting sort). */
export function groupByExpert(layer: ExpertLayer, firstToken: i32, tokens: i32): void {
  const scratch = changetype<ExpertScratch>(layer.scratch)
  const used = layer.used
  const starts = scratch.starts
  const routes = layer.routes + ((<usize>(2 * firstToken * used)) << 2)
  memory.fill(starts, 0, (<usize>(layer.experts + 1)) << 2)
  for (let token = 0; token < tokens; token++) {
    const row = routes + ((<usize>(2 * token * used)) << 2)
    for (let i = 0; i < used; i++) {
      const count = starts + ((<usize>expertAt(row, i)) << 2)
      store<i32>(count, load<i32>(count) + 1)
    }
  }
  let active = 0
  let start = 0
  for (let expert = 0; expert < layer.experts; expert++) {
    const at = starts + ((<usize>expert) << 2)
    const count = load<i32>(at)
    store<i32>(at, start)
    start += count
    if (count == 0) continue
    active++
    store<i32>(scratch.active + ((<usize>active) << 2), expert)
  }
  store<i32>(scratch.active, active)
  for (let token = 0; token < tokens; token++) {
    const row = routes + ((<usize>(2 * token * used)) << 2)
    for (let i = 0; i < used; i++) {
      const next = starts + ((<usize>expertAt(row, i)) << 2)
      const at = (<usize>load<i32>(next)) << 2
      store<i32>(scratch.tokens + at, token)
      store<f32>(scratch.weights + at, load<f32>(row + ((<usize>(used + i)) << 2)))
      store<i32>(next, load<i32>(next) + 1)
    }
  }
  // Each start has moved to the next expert's; the last entry is the end.
  for (let expert = layer.experts; expert > 0; expert--) {
    store<i32>(starts + ((<usize>expert) << 2), load<i32>(starts + ((<usize>(expert - 1)) << 2)))
  }
  store<i32>(starts, 0)
}

@inline
function expertAt(route: usize, i: i32): i32 {
  return <i32>load<f32>(route + ((<usize>i) << 2))
}
