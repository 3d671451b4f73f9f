import type { MemorySpec } from '../../backend/memory.js'
import type {
  Logits,
  MatrixSlice,
  Op,
  PooledHead,
  Program,
  TensorSpec,
  Value,
  VectorSlice,
} from '../../backend/program.js'
import type { RopeSpec } from '../../backend/rope.js'
import { describeValue } from '../../describe.js'
import type { DasllamaError } from '../../errors.js'
import type { Config } from '../config.js'
import { familyError } from '../family.js'

/** The tensors of a model file, or those that a test defines. */
export interface TensorNames {
  has(name: string): boolean
  /** The tensor's shape, columns before rows, if known. */
  get?(name: string): { readonly shape: readonly number[] } | undefined
}

/** An operation without its output. */
type OpWithoutOutput<O = Op> = O extends Op ? Omit<O, 'out'> : never

/** State shared by all builders of one program. */
export interface Recording {
  readonly config: Config
  readonly names: TensorNames
  readonly tensors: Map<string, TensorSpec>
  readonly unusedTensors: Set<string>
  readonly memories: MemorySpec[]
  readonly ropes: Map<string, { readonly index: number; readonly spec: RopeSpec }>
  readonly ops: Op[]
  /** See `Program.layerStarts`. */
  readonly layerStarts: number[]
  readonly values: Set<Value>
  /** What follows pooling. */
  afterPooling: PooledHead | undefined
  /** What ends the program, once it has. */
  end: { readonly hidden: Value; readonly logits: Logits | undefined } | undefined
}

/** A guard against endless loops: every operation costs scratch memory and a step per batch. */
const MAX_OPERATIONS = 2 ** 16

export function newRecording(config: Config, names: TensorNames): Recording {
  return {
    config,
    names,
    tensors: new Map(),
    unusedTensors: new Set(),
    memories: [],
    ropes: new Map(),
    ops: [],
    layerStarts: [],
    values: new Set(),
    afterPooling: undefined,
    end: undefined,
  }
}

/** The recorded program; `undefined` if nothing has ended it. */
export function programOf({
  config,
  end,
  afterPooling,
  ropes,
  tensors,
  unusedTensors,
  memories,
  ops,
  layerStarts,
}: Recording): Program | undefined {
  if (!end) return undefined
  const { vocabSize, embeddingLength } = config
  const specs = Array.from(ropes.values(), ({ spec }) => spec)
  return {
    ...{ tensors, memories, ropes: specs, ops, layerStarts },
    ...{ ...end, afterPooling, vocabSize, embeddingLength },
    ...(unusedTensors.size > 0 && { unusedTensors }),
  }
}

/** Records operations and the tensors that they need, checked. What families call is in `Builder`. */
export class Recorder {
  protected readonly recording: Recording
  /** The layer being built; `undefined` outside of layers. */
  readonly layer: number | undefined

  readonly #prefix: string

  protected constructor(recording: Recording, layer?: number, prefix = '') {
    this.recording = recording
    this.layer = layer
    this.#prefix = prefix
  }

  /** Whether the file has an optional tensor. `name` is the full name without the layer prefix. */
  has(name: string): boolean {
    return this.recording.names.has(this.fullName(this.text('has', name)))
  }

  /** Lets the file have a tensor that is not needed, and so not loaded. `name` is the full name without the layer prefix. */
  unused(name: string): void {
    this.recording.unusedTensors.add(this.fullName(this.text('unused', name)))
  }

  /** Rows of a matrix in the file; `undefined` if there is none. */
  rowsOf(name: string): number | undefined {
    return this.recording.names.get?.(this.fullName(`${this.text('rowsOf', name)}.weight`))?.shape[1]
  }

  protected get config(): Config {
    return this.recording.config
  }

  protected push(op: OpWithoutOutput, width: number, heads = 1): Value {
    const { ops, values } = this.recording
    if (ops.length === MAX_OPERATIONS) throw this.error(op.kind, `more than ${MAX_OPERATIONS} operations`)
    if (!(Number.isInteger(heads) && heads >= 1 && width % heads === 0)) {
      throw this.error(op.kind, `${width} values cannot be split into ${describeValue(heads)} heads`)
    }
    const out: Value = Object.freeze({ id: values.size, width, heads })
    values.add(out)
    ops.push({ ...op, out } as Op)
    return out
  }

  /** A value that no operation computes: it is given to the program. */
  protected given(width: number): Value {
    const { values } = this.recording
    const value: Value = Object.freeze({ id: values.size, width, heads: 1 })
    values.add(value)
    return value
  }

  /** The same value with other heads. */
  protected viewed(x: Value, heads: number): Value {
    const view: Value = Object.freeze({ ...x, heads })
    this.recording.values.add(view)
    return view
  }

  /** The matrix `name.weight`, [columns, rows]. */
  protected matrix(where: string, name: string, columns: number, rows: number): MatrixSlice {
    const full = this.fullName(`${this.text(where, name)}.weight`)
    const tensor = this.require(where, full, 'matrix', [columns, rows])
    return { tensor, firstRow: 0, rows, columns }
  }

  /** The vector `name`, a name with its suffix. */
  protected vector(where: string, name: string, length: number): VectorSlice {
    const tensor = this.require(where, this.fullName(name), 'vector', [length])
    return { tensor, first: 0, length }
  }

  /** The vector `name`; `undefined` if the file has none. */
  protected optionalVector(where: string, name: string, length: number): VectorSlice | undefined {
    return this.has(name) ? this.vector(where, name, length) : undefined
  }

  /** `length` of the bias's `all` values; `undefined` if the file has no bias. */
  protected bias(where: string, name: string, first: number, length: number, all: number) {
    const bias = this.optionalVector(where, `${name}.bias`, all)
    return bias && { ...bias, first, length }
  }

  /** Adds a tensor, with its shape, to those that the program needs. */
  protected require(where: string, name: string, kind: TensorSpec['kind'], shape: readonly number[]): string {
    this.assertOpen(where)
    if (shape.some((size) => !(Number.isInteger(size) && size >= 1))) {
      throw this.error(where, `a tensor cannot have the shape [${shape}]`)
    }
    const { tensors } = this.recording
    const known = tensors.get(name)
    if (!known) tensors.set(name, { name, kind, shape })
    else if (known.kind !== kind || known.shape.join() !== shape.join()) {
      throw this.error(
        where,
        `tensor ${describeValue(name)} is requested as a ${kind} [${shape}], but was requested before as a ${known.kind} [${known.shape}]`,
      )
    }
    return name
  }

  protected check(where: string, ...inputs: readonly Value[]): void {
    this.assertOpen(where)
    for (const x of inputs) {
      if (!this.recording.values.has(x)) {
        throw this.error(where, `${describeValue(x)} is not a value of this program`)
      }
    }
  }

  protected assertOpen(where: string): void {
    if (this.recording.end) throw this.error(where, 'nothing may follow the logits')
  }

  /** Throws unless `value` is a finite f32. */
  protected checkReal(where: string, what: string, value: number): void {
    if (!isF32(value)) throw this.error(where, `${what} must be a finite f32, not ${describeValue(value)}`)
  }

  /** Throws unless `value` is `undefined` or a whole number from 1. */
  protected checkWindow(where: string, value: number | undefined): void {
    if (value === undefined || (Number.isInteger(value) && value >= 1)) return
    throw this.error(where, `the window must be a whole number from 1, not ${describeValue(value)}`)
  }

  protected object<T extends object>(where: string, value: T): T {
    if (typeof value === 'object' && value !== null) return value
    throw this.error(where, `an object is needed, not ${describeValue(value)}`)
  }

  protected text(where: string, name: string): string {
    if (typeof name === 'string') return name
    throw this.error(where, `a tensor's name must be a string, not ${describeValue(name)}`)
  }

  protected fullName(name: string): string {
    return this.layer === undefined ? name : `${this.#prefix}blk.${this.layer}.${name}`
  }

  protected error(where: string, what: string): DasllamaError {
    const layer = this.layer === undefined ? '' : `, layer ${this.layer}`
    return familyError(this.config.architecture, `${layer}, ${where}: ${what}`)
  }
}

/** Whether a number, rounded to f32, is finite and does not underflow to 0. */
export function isF32(value: number): boolean {
  if (typeof value !== 'number') return false
  const single = Math.fround(value)
  return Number.isFinite(single) && (single !== 0 || value === 0)
}
