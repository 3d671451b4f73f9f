import { MAX_ROWS } from '../batch.js'
import type { Program } from '../program.js'
import { aligned } from './arena.js'
import type { Engine } from './engine.js'
import { expertScratchBytes, writeExpertScratch } from './experts/expert-scratch.js'
import { ActivationKind, type Kernels, type Pointer } from './kernels.js'
import type { Schedule } from './scheduled.js'

/** Largest number of output rows whose logits are computed at once. */
export const LOGIT_ROWS = 8

/** Buffers that all passes of a model share. f32 unless stated otherwise. */
export interface Scratch {
  /** For each buffer of the schedule: [MAX_ROWS][width]. */
  readonly buffers: readonly Pointer[]
  /** For each rotary embedding of the program: [MAX_ROWS][2][dims / 2], cosines and sines. */
  readonly ropes: readonly Pointer[]
  /** [MAX_ROWS][widest input of a fused norm]; also hidden states. */
  readonly normed: Pointer
  /** [LOGIT_ROWS][embeddingLength]: output rows, made contiguous. */
  readonly gathered: Pointer
  /** [LOGIT_ROWS][vocabSize]. */
  readonly logits: Pointer
  /** Scratch of `project`: see assembly/workspace.ts. */
  readonly workspace: Pointer
  /** Scratch of `attention`. */
  readonly attention: Pointer
  /** Scratch of mixtures of experts. */
  readonly experts: Pointer
}

/** 32-bit words of the workspace. */
const WORKSPACE_WORDS = 7

/** Bytes per row, or per panel, of the workspace's parts. */
interface Strides {
  /** Rows of 16-bit activations (see assembly/README.md), for a batch. */
  readonly int16: number
  /** Rows of 8-bit activations, likewise. */
  readonly int8: number
  /** A panel of the matrix product for each thread. */
  readonly panels: number
}

/** Bytes of each part of a program's scratch. */
interface Sizes extends Strides {
  readonly buffers: readonly number[]
  readonly ropes: readonly number[]
  readonly normed: number
  readonly gathered: number
  readonly logits: number
  readonly attention: number
  readonly experts: number
}

function strides(program: Program, kernels: Kernels): Strides {
  const widths = program.ops.map((op) => {
    if (op.kind === 'experts') return Math.max(op.x.width, op.up.rows)
    return op.kind === 'linear' || op.kind === 'headLinear' ? op.x.width : 0
  })
  const widest = Math.max(program.embeddingLength, ...widths)
  return {
    int16: aligned(kernels.activation_bytes(ActivationKind.int16, widest)),
    int8: aligned(kernels.activation_bytes(ActivationKind.int8, widest)),
    panels: aligned(kernels.matmul_scratch(widest)),
  }
}

function sizes(program: Program, schedule: Schedule, engine: Engine): Sizes {
  const { kernels, pool } = engine
  const rows = (width: number) => MAX_ROWS * width * 4
  const { int16, int8, panels } = strides(program, kernels)
  const normed = schedule.steps.map((step) => (step.kind === 'project' && step.norm ? step.x.width : 0))
  const attention = program.ops.map((op) => {
    if (op.kind !== 'attention' && op.kind !== 'encoderAttention') return 0
    const memory = op.kind === 'attention' ? program.memories[op.memory] : undefined
    const kvHeads = memory?.kind === 'kv' ? memory.kvHeads : op.k!.heads
    const { q, out } = op
    return kernels.attention_scratch(pool.size, q.heads, kvHeads, q.width / q.heads, out.width / out.heads)
  })
  return {
    buffers: schedule.buffers.map(({ width }) => rows(width)),
    ropes: program.ropes.map(({ dims }) => rows(dims)),
    normed: rows(Math.max(program.embeddingLength, ...normed)),
    gathered: LOGIT_ROWS * program.embeddingLength * 4,
    logits: program.logits ? LOGIT_ROWS * program.vocabSize * 4 : 0,
    attention: Math.max(0, ...attention),
    experts: expertScratchBytes(program, engine),
    int16: MAX_ROWS * int16,
    int8: MAX_ROWS * int8,
    panels: pool.size * panels,
  }
}

/** Bytes that `allocateScratch` allocates, at most. */
export function scratchBytes(program: Program, schedule: Schedule, engine: Engine): number {
  const { buffers, ropes, ...rest } = sizes(program, schedule, engine)
  const all = [...buffers, ...ropes, ...Object.values(rest as Record<string, number>), WORKSPACE_WORDS * 4]
  return all.reduce((sum, bytes) => sum + bytes + 64, 0)
}

/** Throws `OUT_OF_MEMORY`. */
export function allocateScratch(program: Program, schedule: Schedule, engine: Engine): Scratch {
  const { arena, kernels } = engine
  const size = sizes(program, schedule, engine)
  const allocate = (bytes: number, what: string) => arena.allocate(bytes, `the scratch for ${what}`)
  const [int16, int8, panels] = (['int16', 'int8', 'panels'] as const).map((part) =>
    allocate(size[part], 'activations'),
  )
  const normed = allocate(size.normed, 'norms')
  const workspace = allocate(WORKSPACE_WORDS * 4, 'linear layers')
  const stride = strides(program, kernels)
  new Uint32Array(arena.memory.buffer, workspace, WORKSPACE_WORDS).set([
    ...[int16, stride.int16],
    ...[int8, stride.int8],
    ...[panels, stride.panels],
    normed,
  ])
  return {
    buffers: size.buffers.map((bytes) => allocate(bytes, 'hidden states')),
    ropes: size.ropes.map((bytes) => allocate(bytes, 'rotary embeddings')),
    normed,
    gathered: allocate(size.gathered, 'output rows'),
    logits: allocate(size.logits, 'logits'),
    workspace,
    attention: allocate(size.attention, 'attention'),
    experts: writeExpertScratch(allocate(size.experts, 'experts'), program, workspace, engine),
  }
}
