import { MAX_ROWS } from '../../batch.js'
import type { Op, Program } from '../../program.js'
import { aligned } from '../arena.js'
import type { Engine } from '../engine.js'
import { ActivationKind, type Pointer } from '../kernels.js'

/** 32-bit words of `ExpertScratch` in assembly/experts/layer.ts. */
const WORDS = 10

/** Bytes of each part, in the record's order, and the bytes per row of quantised activations. */
interface Sizes {
  readonly tokens: number
  readonly weights: number
  readonly starts: number
  readonly active: number
  readonly inner: number
  readonly quantized: number
  readonly quantizedStride: number
  readonly threads: number
  readonly threadBytes: number
}

/** Bytes of scratch that a program's mixtures share; 0 if it has none. */
export function expertScratchBytes(program: Program, engine: Engine): number {
  const mixtures = mixturesOf(program)
  if (mixtures.length === 0) return 0
  const { quantizedStride: _, threadBytes: __, ...parts } = sizesOf(mixtures, engine)
  return Object.values(parts).reduce((sum, bytes) => sum + aligned(bytes), aligned(WORDS * 4))
}

/**
 * Writes the record of the scratch that mixtures share to `base`, of `expertScratchBytes` bytes. `workspace`: the scratch of
 * linear layers.
 */
export function writeExpertScratch(
  base: Pointer,
  program: Program,
  workspace: Pointer,
  engine: Engine,
): Pointer {
  const mixtures = mixturesOf(program)
  if (mixtures.length === 0) return base
  const size = sizesOf(mixtures, engine)
  let at = base + aligned(WORDS * 4)
  const take = (bytes: number) => {
    const from = at
    at += aligned(bytes)
    return from
  }
  new Uint32Array(engine.arena.memory.buffer, base, WORDS).set([
    workspace,
    ...[take(size.tokens), take(size.weights), take(size.starts), take(size.active)],
    ...[take(size.inner), take(size.quantized), size.quantizedStride],
    ...[take(size.threads), size.threadBytes],
  ])
  return base
}

function mixturesOf({ ops }: Program): (Op & { kind: 'experts' })[] {
  return ops.filter((op) => op.kind === 'experts')
}

function sizesOf(mixtures: readonly (Op & { kind: 'experts' })[], { kernels, pool }: Engine): Sizes {
  const largest = (of: (op: Op & { kind: 'experts' }) => number) => Math.max(...mixtures.map(of))
  const assignments = MAX_ROWS * largest(({ routes }) => routes.width / 2)
  const rows = largest(({ up }) => up.rows)
  const experts = largest(({ up }) => up.experts)
  const quantizedStride = aligned(kernels.activation_bytes(ActivationKind.int16, rows))
  const threadBytes = aligned(kernels.expert_thread_scratch(largest(({ x }) => x.width)))
  return {
    tokens: assignments * 4,
    weights: assignments * 4,
    starts: (experts + 1) * 4,
    active: (experts + 1) * 4,
    inner: assignments * rows * 4,
    quantized: assignments * quantizedStride,
    quantizedStride,
    threads: pool.size * threadBytes,
    threadBytes,
  }
}
