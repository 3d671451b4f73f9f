import { DasllamaError } from '../../errors.js'
import type { Phase } from '../batch.js'
import { PAGE_POSITIONS } from '../memory.js'
import type { Program } from '../program.js'
import type { Engine } from './engine.js'
import { EXPERTS_BYTES, writeExperts } from './experts/expert-records.js'
import { ExpertsStep } from './experts/experts-step.js'
import { routeBytes, routeCall } from './experts/route-step.js'
import type { Pointer, Projections, Rope } from './kernels.js'
import { kvFormat } from './kv-layout.js'
import type { KvMemory } from './kv-memory.js'
import { pageOf } from './pages.js'
import { ProjectionTable, projectionTableBytes } from './projection.js'
import type { Buffer, Schedule, Scheduled } from './schedule.js'
import type { Scratch } from './scratch.js'
import type { WorkKind } from './slicer.js'
import type { PlacedMatrix, Weights } from './weights.js'

/** Rows of one sequence in a batch. */
export interface PassRun {
  readonly memory: KvMemory
  readonly firstRow: number
  readonly rows: number
  readonly phase: Phase
  /** Position of its first row. */
  readonly position: number
  /** The memory's page tables in the kernels' memory, one per group of layers. */
  readonly pageTables: readonly Pointer[]
}

/** Consecutive rows with the same phase. */
export interface Segment {
  readonly firstRow: number
  readonly rows: number
  readonly phase: Phase
}

/** A batch on its way through the steps. */
export interface Pass {
  readonly ids: ArrayLike<number>
  readonly rows: number
  readonly runs: readonly PassRun[]
  readonly segments: readonly Segment[]
}

/**
 * One step of a pass: kernel calls for one segment or run of the batch after another, cut into slices if they take long.
 * No sum crosses a slice.
 */
export interface Step {
  /** Number of units (segments, runs, or 1) in a pass. */
  units(pass: Pass): number
  /** The kind by which its speed is measured; `undefined` if it takes next to no time. */
  kind(pass: Pass, unit: number): WorkKind | undefined
  /** Multiply-adds. */
  size(pass: Pass, unit: number): number
  /** Largest number of slices into which a unit can be cut. */
  maxSlices(pass: Pass, unit: number): number
  run(pass: Pass, unit: number, slice: number, slices: number): void
}

/** Fewest rows of a matrix in a slice: the rows of a tile. */
const MIN_ROWS_PER_SLICE = 8

/** Fewest rows of a batch in a slice of attention. */
const MIN_QUERIES_PER_SLICE = 4

/** A short step that runs once for all rows. */
function shortStep(run: (pass: Pass) => void): Step {
  return { units: () => 1, kind: () => undefined, size: () => 0, maxSlices: () => 1, run }
}

/** Linear layers of the rows at `x`, f32[rows][columns], or of their norm; one unit per segment. */
export class ProjectStep implements Step {
  readonly #engine: Engine
  readonly #projections: Projections
  readonly #x: Pointer
  readonly #workspace: Pointer

  constructor(engine: Engine, projections: Projections, x: Pointer, workspace: Pointer) {
    this.#engine = engine
    this.#projections = projections
    this.#x = x
    this.#workspace = workspace
  }

  units({ segments }: Pass): number {
    return segments.length
  }

  kind({ segments }: Pass, unit: number): WorkKind {
    const { phase, rows } = segments[unit]
    if (phase === 'prefill') return 'matmul'
    return rows === 1 ? 'matvec' : 'few-tokens'
  }

  size({ segments }: Pass, unit: number): number {
    const { rows, columns } = this.#projections
    return rows * columns * segments[unit].rows
  }

  maxSlices(): number {
    const { rows, count } = this.#projections
    return Math.floor(rows / count / MIN_ROWS_PER_SLICE)
  }

  run({ segments }: Pass, unit: number, slice: number, slices: number): void {
    const { firstRow, rows, phase } = segments[unit]
    const { pointer, count, norm, columns } = this.#projections
    this.#engine.kernels.project(
      pointer,
      count,
      norm,
      this.#x,
      columns,
      firstRow,
      rows,
      phase === 'prefill',
      this.#workspace,
      slice,
      slices,
    )
  }
}

/** Buffers of an attention operation. */
interface AttentionBuffers {
  readonly q: Pointer
  readonly k: Pointer
  readonly v: Pointer
  readonly out: Pointer
}

/** Stores a run's keys and values in its memory, then computes attention for its queries; one unit per run. */
class AttentionStep implements Step {
  readonly #engine: Engine
  readonly #buffers: AttentionBuffers
  readonly #memory: number
  /** f32 values in a row of queries, and in a row of keys or values. */
  readonly #queryWidth: number
  readonly #keyWidth: number
  readonly #window: number
  /** The record of `attention`. */
  readonly #shape: Pointer

  constructor(
    engine: Engine,
    { program, scratch }: Pick<CompileInput, 'program' | 'scratch'>,
    op: Scheduled & { kind: 'attention' },
    shape: Pointer,
  ) {
    const spec = program.memories[op.memory]
    if (spec.kind !== 'kv') throw new Error(`memory ${op.memory} holds no keys and values`)
    const addressOf = ({ index }: Buffer) => scratch.buffers[index]
    this.#engine = engine
    this.#buffers = { q: addressOf(op.q), k: addressOf(op.k), v: addressOf(op.v), out: addressOf(op.out) }
    this.#memory = op.memory
    this.#queryWidth = op.heads * spec.keyDim
    this.#keyWidth = spec.kvHeads * spec.keyDim
    this.#window = spec.window ?? Number.POSITIVE_INFINITY
    this.#shape = shape
    const { buffer } = engine.arena.memory
    new Int32Array(buffer, shape, 3).set([op.heads, spec.kvHeads, spec.keyDim])
    new Float32Array(buffer, shape + 12, 1)[0] = op.scale
    new Uint32Array(buffer, shape + 16, 2).set([spec.window ?? 0, scratch.attention])
  }

  units({ runs }: Pass): number {
    return runs.length
  }

  kind(): WorkKind {
    return 'attention'
  }

  size({ runs }: Pass, unit: number): number {
    const { rows, position } = runs[unit]
    return 2 * this.#queryWidth * rows * Math.min(this.#window, position + rows / 2)
  }

  maxSlices({ runs }: Pass, unit: number): number {
    return Math.floor(runs[unit].rows / MIN_QUERIES_PER_SLICE)
  }

  run({ runs }: Pass, unit: number, slice: number, slices: number): void {
    const run = runs[unit]
    const { memory, firstRow, rows, position, pageTables } = run
    if (slice === 0) this.#storeKv(run)
    const { group, layer } = memory.layout.byMemory[this.#memory]
    const first = Math.floor((rows * slice) / slices)
    const end = Math.floor((rows * (slice + 1)) / slices)
    const offset = (firstRow + first) * this.#queryWidth * 4
    this.#engine.kernels.attention(
      this.#shape,
      kvFormat(memory.type).id,
      (this.#buffers.q + offset) as Pointer,
      pageTables[group],
      layer.keys,
      layer.values,
      (this.#buffers.out + offset) as Pointer,
      end - first,
      position + first,
    )
  }

  #storeKv(run: PassRun): void {
    const { q, k, v } = this.#buffers
    // Attention would hide a NaN or infinity: an f16 cache stores it as a large number, and a softmax may give it no weight.
    // In all other operations it spreads to the logits.
    this.#checkNumbers(q, this.#queryWidth, run, 'queries')
    this.#checkNumbers(k, this.#keyWidth, run, 'keys')
    this.#checkNumbers(v, this.#keyWidth, run, 'values')
    const { layer } = run.memory.layout.byMemory[this.#memory]
    this.#append(run, k, layer.keys)
    this.#append(run, v, layer.values)
  }

  #checkNumbers(at: Pointer, width: number, { firstRow, rows }: PassRun, what: string): void {
    checkNumbers(this.#engine, (at + firstRow * width * 4) as Pointer, rows * width, what)
  }

  /** Writes a run's rows to their positions in the cache. */
  #append({ memory, firstRow, rows, position }: PassRun, from: Pointer, offset: number): void {
    const { group, layer } = memory.layout.byMemory[this.#memory]
    const table = memory.tables[group]
    for (let row = 0; row < rows; ) {
      const page = pageOf(position + row)
      const inPage = position + row - page * PAGE_POSITIONS
      const count = Math.min(rows - row, PAGE_POSITIONS - inPage)
      this.#engine.kernels.store(
        kvFormat(memory.type).id,
        (from + (firstRow + row) * this.#keyWidth * 4) as Pointer,
        (table.pointer(page) + offset + inPage * layer.rowBytes) as Pointer,
        count * this.#keyWidth,
      )
      row += count
    }
  }
}

/** Throws `NOT_A_NUMBER` if one of f32[count] is NaN or infinite. */
export function checkNumbers({ kernels }: Engine, at: Pointer, count: number, what: string): void {
  if (kernels.all_finite(at, count)) return
  throw new DasllamaError('NOT_A_NUMBER', `the model's ${what} are not numbers (NaN or infinite)`, {
    hint: "the model's weights are damaged, or a value in it has overflowed: download or convert it again",
  })
}

/** The kernel for a rope type. */
export function ropeKernel({ kernels }: Engine, type: 'norm' | 'neox'): Rope {
  return type === 'neox' ? kernels.rope_neox : kernels.rope_norm
}

/** Input of `compileSteps`. */
interface CompileInput {
  readonly program: Program
  readonly schedule: Schedule
  readonly weights: Weights
  readonly scratch: Scratch
}

/** A program's steps, and the linear layer from hidden states to logits. */
export interface CompiledProgram {
  readonly steps: readonly Step[]
  /** Writes to `logits` of the scratch: see `outputPass`. */
  readonly output: Projections
}

/** Bytes that `compileSteps` takes besides the scratch. */
export function compiledBytes({ steps }: Schedule, engine: Engine): number {
  let projections = 1
  let shapes = 0
  let experts = 0
  for (const step of steps) {
    if (step.kind === 'project') projections += step.linears.length
    if (step.kind === 'attention') shapes++
    if (step.kind === 'route') experts += routeBytes(step, engine) + 64
    if (step.kind === 'experts') experts += EXPERTS_BYTES + 64
  }
  const shapeBytes = shapes * engine.kernels.attention_shape_bytes()
  return projectionTableBytes(projections) + shapeBytes + experts + 128
}

/** Compiles a schedule to steps, and writes their records into the engine's memory. Throws `OUT_OF_MEMORY`. */
export function compileSteps(engine: Engine, input: CompileInput): CompiledProgram {
  const { program, schedule, weights, scratch } = input
  const { kernels, arena } = engine
  const linears = schedule.steps.flatMap((step) => (step.kind === 'project' ? step.linears : []))
  const table = new ProjectionTable(arena, linears.length + 1)
  const shapeBytes = kernels.attention_shape_bytes()
  const attentions = schedule.steps.filter(({ kind }) => kind === 'attention').length
  let shape: number = arena.allocate(Math.max(1, attentions) * shapeBytes, 'the shapes of attention')
  const addressOf = ({ index }: Buffer) => scratch.buffers[index]

  const compileStep = (step: Scheduled): Step => {
    switch (step.kind) {
      case 'embed': {
        const matrix = weights.matrix(step.matrix)
        const out = addressOf(step.out)
        return shortStep(({ ids }) => embed(engine, matrix, ids, out))
      }
      case 'project': {
        const projections = step.linears.map(({ matrix, bias, product, use, into }) => ({
          matrix: weights.matrix(matrix),
          bias: bias && weights.vector(bias),
          product: addressOf(product),
          use,
          into: into && addressOf(into),
        }))
        const norm = step.norm && weights.vector(step.norm)
        return new ProjectStep(engine, table.add(projections, norm), addressOf(step.x), scratch.workspace)
      }
      case 'norm': {
        const { groups, epsilon } = step
        const [x, out, weight] = [addressOf(step.x), addressOf(step.out), weights.vector(step.weight)]
        const width = step.x.width / groups
        return shortStep(({ rows }) => kernels.norm_rows(x, weight, out, rows * groups, width, epsilon))
      }
      case 'rope': {
        const { type, dims } = program.ropes[step.rope]
        const rope = ropeKernel(engine, type)
        const [x, angles, { heads }] = [addressOf(step.x), scratch.ropes[step.rope], step]
        const headDim = step.x.width / heads
        return shortStep(({ rows }) => rope(x, angles, rows, heads, headDim, dims / 2))
      }
      case 'attention': {
        const at = shape as Pointer
        shape += shapeBytes
        return new AttentionStep(engine, input, step, at)
      }
      case 'route': {
        const [logits, { width }] = [addressOf(step.logits), step.logits]
        const route = routeCall(engine, step, weights, addressOf)
        return shortStep(({ rows }) => {
          // A choice would hide a NaN or infinity.
          checkNumbers(engine, logits, rows * width, "router's scores")
          route(rows)
        })
      }
      case 'experts': {
        const record = arena.allocate(EXPERTS_BYTES, 'the records of experts')
        const [x, routes, out] = [step.x, step.routes, step.out].map(addressOf)
        writeExperts(engine, record, weights, { ...step, x, routes, out, scratch: scratch.experts })
        return new ExpertsStep(engine, step, record)
      }
      case 'activation': {
        const [x, { width }] = [addressOf(step.x), step.x]
        const activate = kernels[step.function]
        return shortStep(({ rows }) => activate(x, rows * width))
      }
      case 'scale': {
        const [x, { width }, by] = [addressOf(step.x), step.x, step.by]
        return shortStep(({ rows }) => kernels.scale(x, rows * width, by))
      }
      case 'add':
      case 'multiply': {
        const [x, into, { width }] = [addressOf(step.x), addressOf(step.into), step.x]
        const combine = kernels[step.kind]
        return shortStep(({ rows }) => combine(x, into, rows * width))
      }
      case 'copy': {
        const [x, out, { width }] = [addressOf(step.x), addressOf(step.out), step.x]
        return shortStep(({ rows }) => arena.floats(out, rows * width).set(arena.floats(x, rows * width)))
      }
    }
  }

  const steps = schedule.steps.map(compileStep)
  const { matrix, bias } = program.logits!
  const { norm } = schedule.head
  const output = table.add(
    [
      {
        matrix: weights.matrix(matrix),
        bias: bias && weights.vector(bias),
        product: scratch.logits,
        use: 'store',
        into: undefined,
      },
    ],
    norm && weights.vector(norm),
  )
  return { steps, output }
}

function embed({ kernels }: Engine, matrix: PlacedMatrix, ids: ArrayLike<number>, out: Pointer): void {
  const { format, pointer, columns, rowBytes } = matrix
  for (let row = 0; row < ids.length; row++) {
    kernels.dequantize_row(
      format.id,
      pointer,
      rowBytes,
      ids[row],
      (out + row * columns * 4) as Pointer,
      columns,
    )
  }
}

/** A pass of `rows` output rows, in the decode phase. */
export function outputPass(rows: number): Pass {
  return { ids: [], rows, runs: [], segments: [{ firstRow: 0, rows, phase: 'decode' }] }
}
