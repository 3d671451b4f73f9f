import { DasllamaError } from '../../errors.js'
import type { Phase } from '../batch.js'
import { PAGE_POSITIONS } from '../memory.js'
import type { Program } from '../program.js'
import type { Engine } from './engine.js'
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
  /** Of its first row. */
  readonly position: number
  /** Addresses of the memory's pages in the kernels' memory, a table for each group of layers. */
  readonly pageTables: readonly Pointer[]
}

/** Neighbouring rows that are computed in the same way. */
export interface Segment {
  readonly firstRow: number
  readonly rows: number
  readonly phase: Phase
}

/** What goes through the steps at once. */
export interface Pass {
  readonly ids: ArrayLike<number>
  readonly rows: number
  readonly runs: readonly PassRun[]
  readonly segments: readonly Segment[]
}

/**
 * A part of a pass that is run without a pause: kernel calls for one segment or run of the batch after another, each in
 * slices where it would take long. No sum crosses a slice.
 */
export interface Step {
  /** How many times it is run in a pass. */
  units(pass: Pass): number
  /** Its speed is measured by kind; `undefined` for what takes next to no time. */
  kind(pass: Pass, unit: number): WorkKind | undefined
  /** Multiply-adds. */
  size(pass: Pass, unit: number): number
  /** Into how many slices a unit may be cut. */
  mostSlices(pass: Pass, unit: number): number
  run(pass: Pass, unit: number, slice: number, slices: number): void
}

/** Rows of a matrix in a slice at least: as many as a tile takes. */
const ROWS_OF_SLICE = 8

/** Rows of a batch in a slice of attention at least. */
const QUERIES_OF_SLICE = 4

/** A step that is short and done once for all rows. */
function brief(run: (pass: Pass) => void): Step {
  return { units: () => 1, kind: () => undefined, size: () => 0, mostSlices: () => 1, run }
}

/** Linear layers of the rows at `x`, f32[rows][columns], or of their norm, a segment at a time. */
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
    return segments[unit].phase === 'prefill' ? 'matmul' : 'matvec'
  }

  size({ segments }: Pass, unit: number): number {
    const { rows, columns } = this.#projections
    return rows * columns * segments[unit].rows
  }

  mostSlices(): number {
    const { rows, count } = this.#projections
    return Math.floor(rows / count / ROWS_OF_SLICE)
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

/** Where an attention operation's values are. */
interface AttentionPlaces {
  readonly q: Pointer
  readonly k: Pointer
  readonly v: Pointer
  readonly out: Pointer
}

/** Stores a run's keys and values in its memory, then computes what its queries make of all that they see. */
class AttentionStep implements Step {
  readonly #engine: Engine
  readonly #places: AttentionPlaces
  readonly #memory: number
  /** f32 values in a row of queries, and in one of keys or values. */
  readonly #queryWidth: number
  readonly #keyWidth: number
  readonly #window: number
  /** The record of `attention`. */
  readonly #shape: Pointer

  constructor(
    engine: Engine,
    { program, scratch }: Pick<Linking, 'program' | 'scratch'>,
    op: Scheduled & { kind: 'attention' },
    shape: Pointer,
  ) {
    const spec = program.memories[op.memory]
    if (spec.kind !== 'kv') throw new Error(`memory ${op.memory} holds no keys and values`)
    const place = ({ index }: Buffer) => scratch.buffers[index]
    this.#engine = engine
    this.#places = { q: place(op.q), k: place(op.k), v: place(op.v), out: place(op.out) }
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

  mostSlices({ runs }: Pass, unit: number): number {
    return Math.floor(runs[unit].rows / QUERIES_OF_SLICE)
  }

  run({ runs }: Pass, unit: number, slice: number, slices: number): void {
    const run = runs[unit]
    const { memory, firstRow, rows, position, pageTables } = run
    if (slice === 0) this.#store(run)
    const { group, layer } = memory.layout.places[this.#memory]
    const first = Math.floor((rows * slice) / slices)
    const end = Math.floor((rows * (slice + 1)) / slices)
    const offset = (firstRow + first) * this.#queryWidth * 4
    this.#engine.kernels.attention(
      this.#shape,
      kvFormat(memory.type).id,
      (this.#places.q + offset) as Pointer,
      pageTables[group],
      layer.keys,
      layer.values,
      (this.#places.out + offset) as Pointer,
      end - first,
      position + first,
    )
  }

  #store(run: PassRun): void {
    const { q, k, v } = this.#places
    // What is not a number would be lost in attention: a cache of halves takes it for a large number, and a softmax gives it
    // no weight. Everywhere else it spreads to the logits.
    this.#check(q, this.#queryWidth, run, 'queries')
    this.#check(k, this.#keyWidth, run, 'keys')
    this.#check(v, this.#keyWidth, run, 'values')
    const { layer } = run.memory.layout.places[this.#memory]
    this.#append(run, k, layer.keys)
    this.#append(run, v, layer.values)
  }

  #check(at: Pointer, width: number, { firstRow, rows }: PassRun, what: string): void {
    checkNumbers(this.#engine, (at + firstRow * width * 4) as Pointer, rows * width, what)
  }

  /** Writes a run's rows to their positions. */
  #append({ memory, firstRow, rows, position }: PassRun, from: Pointer, offset: number): void {
    const { group, layer } = memory.layout.places[this.#memory]
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

/** Throws `NOT_A_NUMBER` where one of f32[count] is NaN or infinite. */
export function checkNumbers({ kernels }: Engine, at: Pointer, count: number, what: string): void {
  if (kernels.all_finite(at, count)) return
  throw new DasllamaError('NOT_A_NUMBER', `the model's ${what} are not numbers (NaN or infinite)`, {
    hint: "the model's weights are damaged, or a value in it has overflowed: download or convert it again",
  })
}

/** The kernel of a rope type. */
export function ropeKernel({ kernels }: Engine, type: 'norm' | 'neox'): Rope {
  return type === 'neox' ? kernels.rope_neox : kernels.rope_norm
}

/** What steps are made of. */
interface Linking {
  readonly program: Program
  readonly schedule: Schedule
  readonly weights: Weights
  readonly scratch: Scratch
}

/** A program's steps, and the linear layer from hidden states to logits. */
export interface LinkedProgram {
  readonly steps: readonly Step[]
  /** Logits of rows that lie where `logits` of the scratch expects them: see `outputStep`. */
  readonly output: Projections
}

/** Bytes that `link` takes besides the scratch. */
export function linkedBytes({ steps }: Schedule, engine: Engine): number {
  let projections = 1
  let shapes = 0
  for (const step of steps) {
    if (step.kind === 'project') projections += step.linears.length
    if (step.kind === 'attention') shapes++
  }
  const shapeBytes = shapes * engine.kernels.attention_shape_bytes()
  return projectionTableBytes(projections) + shapeBytes + 128
}

/** Writes what the kernels read of a program into the engine's memory. Throws `OUT_OF_MEMORY`. */
export function link(engine: Engine, linking: Linking): LinkedProgram {
  const { program, schedule, weights, scratch } = linking
  const { kernels, arena } = engine
  const linears = schedule.steps.flatMap((step) => (step.kind === 'project' ? step.linears : []))
  const table = new ProjectionTable(arena, linears.length + 1)
  const shapeBytes = kernels.attention_shape_bytes()
  const attentions = schedule.steps.filter(({ kind }) => kind === 'attention').length
  let shape: number = arena.allocate(Math.max(1, attentions) * shapeBytes, 'the shapes of attention')
  const place = ({ index }: Buffer) => scratch.buffers[index]

  const linkStep = (step: Scheduled): Step => {
    switch (step.kind) {
      case 'embed': {
        const matrix = weights.matrix(step.matrix)
        const out = place(step.out)
        return brief(({ ids }) => embed(engine, matrix, ids, out))
      }
      case 'project': {
        const projections = step.linears.map(({ matrix, bias, product, use, into }) => ({
          matrix: weights.matrix(matrix),
          bias: bias && weights.vector(bias),
          product: place(product),
          use,
          into: into && place(into),
        }))
        const norm = step.norm && weights.vector(step.norm)
        return new ProjectStep(engine, table.add(projections, norm), place(step.x), scratch.workspace)
      }
      case 'norm': {
        const { groups, epsilon } = step
        const [x, out, weight] = [place(step.x), place(step.out), weights.vector(step.weight)]
        const width = step.x.width / groups
        return brief(({ rows }) => kernels.norm_rows(x, weight, out, rows * groups, width, epsilon))
      }
      case 'rope': {
        const { type, dims } = program.ropes[step.rope]
        const rope = ropeKernel(engine, type)
        const [x, angles, { heads }] = [place(step.x), scratch.ropes[step.rope], step]
        const headDim = step.x.width / heads
        return brief(({ rows }) => rope(x, angles, rows, heads, headDim, dims / 2))
      }
      case 'attention': {
        const at = shape as Pointer
        shape += shapeBytes
        return new AttentionStep(engine, linking, step, at)
      }
      case 'activation': {
        const [x, { width }] = [place(step.x), step.x]
        const activate = kernels[step.function]
        return brief(({ rows }) => activate(x, rows * width))
      }
      case 'scale': {
        const [x, { width }, by] = [place(step.x), step.x, step.by]
        return brief(({ rows }) => kernels.scale(x, rows * width, by))
      }
      case 'add':
      case 'multiply': {
        const [x, into, { width }] = [place(step.x), place(step.into), step.x]
        const combine = kernels[step.kind]
        return brief(({ rows }) => combine(x, into, rows * width))
      }
      case 'copy': {
        const [x, out, { width }] = [place(step.x), place(step.out), step.x]
        return brief(({ rows }) => arena.floats(out, rows * width).set(arena.floats(x, rows * width)))
      }
    }
  }

  const steps = schedule.steps.map(linkStep)
  const { matrix, bias } = program.logits
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

/** A pass of `rows` output rows, computed as single rows are. */
export function outputPass(rows: number): Pass {
  return { ids: [], rows, runs: [], segments: [{ firstRow: 0, rows, phase: 'decode' }] }
}
