import type { Config } from '../../model/config.js'
import { aligned } from './arena.js'
import type { Engine } from './engine.js'
import { ActivationKind, type Kernels, type Pointer } from './kernels.js'

/** Most tokens that go through the network at once. */
export const MAX_BATCH = 128

/**
 * From this many tokens on a matrix is dequantised once and multiplied as a tile; below it each token's row meets
 * the quantised blocks directly.
 */
export const MIN_TILE = 4

/** The buffers of one pass through the network, shared by all sessions of a model. f32 unless said otherwise. */
export interface Scratch {
  /** [MAX_BATCH][embeddingLength], the residual stream. */
  readonly hidden: Pointer
  /** [MAX_BATCH][embeddingLength], after a norm; later what a sublayer adds to the stream. */
  readonly normed: Pointer
  /** [MAX_BATCH][heads · headDim]. */
  readonly q: Pointer
  /** [MAX_BATCH][kvHeads · headDim]. */
  readonly k: Pointer
  /** [MAX_BATCH][kvHeads · headDim]. */
  readonly v: Pointer
  /** [MAX_BATCH][heads · headDim]. */
  readonly attended: Pointer
  /** [MAX_BATCH][feedForwardLength]. */
  readonly gate: Pointer
  /** [MAX_BATCH][feedForwardLength]. */
  readonly up: Pointer
  /** [MAX_BATCH][2][ropeDim / 2]: cosines and sines. */
  readonly ropeTable: Pointer
  /** [vocabSize]. */
  readonly logits: Pointer
  /** What `project` works with: see `Workspace` in assembly/project.ts. */
  readonly workspace: Pointer
  /** What `attention` works with. */
  readonly attention: Pointer
}

/** The parts of the workspace. */
interface WorkspaceParts {
  /** Rows of 16-bit activations (see assembly/README.md), for a batch. */
  readonly int16: Pointer
  /** Rows of 8-bit activations, alike. */
  readonly int8: Pointer
  /** A panel of the matrix product for each thread. */
  readonly panels: Pointer
}

/** 32-bit words of the workspace. */
const WORKSPACE_WORDS = 8

type Buffers = { [name in keyof Scratch | keyof WorkspaceParts]: number }

/** Bytes between the rows, or panels, of the workspace's parts. */
function strides(config: Config, kernels: Kernels): { [name in keyof WorkspaceParts]: number } {
  const { embeddingLength, heads, headDim, feedForwardLength } = config
  const widest = Math.max(embeddingLength, feedForwardLength, heads * headDim)
  return {
    int16: aligned(kernels.activation_bytes(ActivationKind.int16, widest)),
    int8: aligned(kernels.activation_bytes(ActivationKind.int8, widest)),
    panels: aligned(kernels.matmul_scratch(widest)),
  }
}

/** Bytes of each buffer. */
function sizes(config: Config, { kernels, team }: Engine): Buffers {
  const { embeddingLength, heads, kvHeads, headDim, feedForwardLength, ropeDim, vocabSize } = config
  const rows = (columns: number) => MAX_BATCH * columns * 4
  const { int16, int8, panels } = strides(config, kernels)
  return {
    hidden: rows(embeddingLength),
    normed: rows(embeddingLength),
    q: rows(heads * headDim),
    k: rows(kvHeads * headDim),
    v: rows(kvHeads * headDim),
    attended: rows(heads * headDim),
    gate: rows(feedForwardLength),
    up: rows(feedForwardLength),
    ropeTable: rows(ropeDim),
    logits: vocabSize * 4,
    workspace: WORKSPACE_WORDS * 4,
    attention: kernels.attention_scratch(team.size, heads, kvHeads, headDim),
    int16: MAX_BATCH * int16,
    int8: MAX_BATCH * int8,
    panels: team.size * panels,
  }
}

/** Bytes that `allocateScratch` will take. */
export function scratchBytes(config: Config, engine: Engine): number {
  return Object.values(sizes(config, engine)).reduce((sum, bytes) => sum + bytes + 64, 0)
}

export function allocateScratch(config: Config, engine: Engine): Scratch {
  const { arena, kernels } = engine
  const entries = Object.entries(sizes(config, engine)).map(([name, bytes]) => [
    name,
    arena.allocate(bytes, `the scratch buffer "${name}"`),
  ])
  const buffers = Object.fromEntries(entries) as Record<keyof Buffers, Pointer>
  const { int16, int8, panels, normed, workspace } = buffers
  const stride = strides(config, kernels)
  new Uint32Array(arena.memory.buffer, workspace, WORKSPACE_WORDS).set([
    ...[int16, stride.int16],
    ...[int8, stride.int8],
    ...[panels, stride.panels],
    normed,
  ])
  new Float32Array(arena.memory.buffer, workspace, WORKSPACE_WORDS)[WORKSPACE_WORDS - 1] = config.rmsEpsilon
  return buffers
}
