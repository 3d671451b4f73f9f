import type { ExpertFunction, ExpertMatrix, Routing } from '../../program.js'
import type { Engine } from '../engine.js'
import type { Pointer } from '../kernels.js'
import type { Weights } from '../weights.js'

/** Numbers as in assembly/experts/functions.ts. */
const FUNCTIONS: Readonly<Record<ExpertFunction, number>> = {
  swiglu: 0,
  geglu: 1,
  swigluOai: 2,
  gelu: 3,
  relu2: 4,
}

/** Numbers as in assembly/experts/route.ts. */
const GATINGS: Readonly<Record<Routing['gating'], number>> = { softmax: 0, sigmoid: 1, softmaxOfChosen: 2 }

/** 32-bit words of `Routing`, `ExpertLayer` and `ExpertMatrix` in assembly/experts/. */
const ROUTING_WORDS = 9
const LAYER_WORDS = 8
const MATRIX_WORDS = 8

/** Bytes of the records of one router and of one mixture. */
export const ROUTING_BYTES = ROUTING_WORDS * 4
export const EXPERTS_BYTES = (LAYER_WORDS + 3 * MATRIX_WORDS) * 4

/** Writes a router's record to `at`. `scratch`: `route_scratch` bytes. */
export function writeRouting(
  { arena }: Pick<Engine, 'arena'>,
  at: Pointer,
  routing: Routing,
  { experts, selectionBias, scratch }: { experts: number; selectionBias: Pointer | 0; scratch: Pointer },
): void {
  const { used, gating, groups, normalize, scale } = routing
  const words = new DataView(arena.memory.buffer, at, ROUTING_BYTES)
  const values = [experts, used, GATINGS[gating], selectionBias, groups?.count ?? 0, groups?.used ?? 0]
  for (const [i, value] of values.entries()) words.setUint32(4 * i, value, true)
  words.setUint8(24, Number(normalize))
  words.setFloat32(28, scale, true)
  words.setUint32(32, scratch, true)
}

/** What `writeExperts` writes: matrices, and addresses of the values, see `ExpertLayer`. */
export interface ExpertsRecord {
  readonly function: ExpertFunction
  readonly used: number
  readonly gate: ExpertMatrix | undefined
  readonly up: ExpertMatrix
  readonly down: ExpertMatrix
  readonly x: Pointer
  readonly routes: Pointer
  readonly out: Pointer
  readonly scratch: Pointer
}

/** Writes a mixture's record to `at`. */
export function writeExperts(
  { arena }: Pick<Engine, 'arena'>,
  at: Pointer,
  weights: Pick<Weights, 'matrix' | 'vector'>,
  record: ExpertsRecord,
): void {
  const { used, gate, up, down, x, routes, out, scratch } = record
  const matrix = (of: ExpertMatrix): number[] => {
    const { format, pointer, rowBytes } = weights.matrix(of)
    const bias = of.bias ? weights.vector(of.bias) + 4 * of.firstRow : 0
    const scale = of.scale ? weights.vector(of.scale) : 0
    const expertBytes = of.rowsPerExpert * rowBytes
    return [format.id, pointer, rowBytes, expertBytes, of.rows, bias, 4 * of.rowsPerExpert, scale]
  }
  new Uint32Array(arena.memory.buffer, at, EXPERTS_BYTES / 4).set([
    ...[FUNCTIONS[record.function], up.experts, used, up.columns],
    ...[x, routes, out, scratch],
    ...matrix(gate ?? up),
    ...matrix(up),
    ...matrix(down),
  ])
}
