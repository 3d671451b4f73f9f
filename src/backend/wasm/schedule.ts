import { DasllamaError } from '../../errors.js'
import {
  type ExpertFunction,
  type ExpertMatrix,
  inputsOf,
  type MatrixSlice,
  type Op,
  type Program,
  type Routing,
  type Value,
  type VectorSlice,
} from '../program.js'
import { type KeyRopes, keyRopes } from './key-ropes.js'

/** The gate that an activation and the following product make. */
const GATES = { silu: 'swiglu', gelu: 'geglu' } as const

/** A buffer f32[MAX_ROWS][width], used by one value after another. */
export interface Buffer {
  readonly index: number
  readonly width: number
}

/** A linear layer of a group, and the use of its product. */
export interface ScheduledLinear {
  readonly matrix: MatrixSlice
  readonly bias: VectorSlice | undefined
  readonly product: Buffer
  /** `add`: the product is added to `into`. A gate: `into`, the previous product, becomes gate(into) · product. */
  readonly use: 'store' | 'add' | 'swiglu' | 'geglu'
  readonly into: Buffer | undefined
}

/** Steps of kernel calls. Elementwise steps work in place. */
export type Scheduled =
  | { readonly kind: 'embed'; readonly matrix: MatrixSlice; readonly out: Buffer }
  /** Linear layers of one input, or of its norm. */
  | {
      readonly kind: 'project'
      readonly norm: VectorSlice | undefined
      readonly x: Buffer
      readonly linears: readonly ScheduledLinear[]
    }
  | {
      readonly kind: 'norm'
      readonly x: Buffer
      readonly weight: VectorSlice
      readonly groups: number
      readonly epsilon: number
      readonly out: Buffer
    }
  | { readonly kind: 'rope'; readonly x: Buffer; readonly heads: number; readonly rope: number }
  | {
      readonly kind: 'attention'
      readonly q: Buffer
      readonly k: Buffer
      readonly v: Buffer
      readonly out: Buffer
      readonly heads: number
      readonly memory: number
      readonly scale: number
    }
  | { readonly kind: 'activation'; readonly function: 'silu' | 'gelu'; readonly x: Buffer }
  | { readonly kind: 'scale'; readonly x: Buffer; readonly by: number }
  | { readonly kind: 'add' | 'multiply'; readonly x: Buffer; readonly into: Buffer }
  | { readonly kind: 'copy'; readonly x: Buffer; readonly out: Buffer }
  | { readonly kind: 'route'; readonly logits: Buffer; readonly routing: Routing; readonly out: Buffer }
  | {
      readonly kind: 'experts'
      readonly x: Buffer
      readonly routes: Buffer
      /** Experts per token. */
      readonly used: number
      readonly gate: ExpertMatrix | undefined
      readonly up: ExpertMatrix
      readonly down: ExpertMatrix
      readonly function: ExpertFunction
      readonly out: Buffer
    }

/** A program in the order in which the kernels run it, with a buffer for each value. */
export interface Schedule {
  readonly steps: readonly Scheduled[]
  readonly buffers: readonly Buffer[]
  /** Input of hidden states and logits: the norm of `x`, or `x` itself. */
  readonly head: { readonly x: Buffer; readonly norm: VectorSlice | undefined }
  /** The epsilon of all norms that are fused with linear layers. */
  readonly epsilon: number
  readonly keyRopes: KeyRopes
}

/**
 * Fuses a program's operations into what the kernels do in one call: a norm with the linear layers that read it, a linear
 * layer with the addition to the residual stream, a gate with its product. Buffers are reused once their value has been
 * read for the last time.
 */
export function schedule(program: Program): Schedule {
  return new ScheduleBuilder(program).run()
}

class ScheduleBuilder {
  readonly #program: Program
  readonly #ops: readonly Op[]
  /** For each value, how many times it is read and the index of the last operation that reads it. */
  readonly #reads: number[] = []
  readonly #lastRead: number[] = []
  /** The current buffer of each value, by id. */
  readonly #bufferByValue = new Map<number, Buffer>()
  readonly #buffers: Buffer[] = []
  readonly #free: Buffer[] = []
  readonly #steps: Scheduled[] = []
  readonly #epsilon: number

  constructor(program: Program) {
    this.#program = program
    const { hidden, ops } = program
    const head = ops.at(-1)
    const isNormed =
      head?.kind === 'rmsNorm' && head.weight && head.out.id === hidden.id && head.x.heads === 1
    this.#ops = isNormed ? ops.slice(0, -1) : ops
    const first = ops.find((op) => op.kind === 'rmsNorm')
    this.#epsilon = isNormed ? head.epsilon : (first?.epsilon ?? 0)
    const read = (value: Value, index: number) => {
      this.#reads[value.id] = (this.#reads[value.id] ?? 0) + 1
      this.#lastRead[value.id] = index
    }
    for (const [index, op] of this.#ops.entries()) for (const value of inputsOf(op)) read(value, index)
    read(isNormed ? head.x : hidden, Number.POSITIVE_INFINITY)
  }

  run(): Schedule {
    for (let index = 0; index < this.#ops.length; ) index = this.#schedule(index)
    const { ops, hidden } = this.#program
    const head = ops.length > this.#ops.length ? ops[ops.length - 1] : undefined
    const norm = head?.kind === 'rmsNorm' ? head : undefined
    return {
      steps: this.#steps,
      buffers: this.#buffers,
      head: { x: this.#bufferOf(norm ? norm.x : hidden), norm: norm?.weight },
      epsilon: this.#epsilon,
      keyRopes: keyRopes(this.#program),
    }
  }

  /** Schedules operation `index` and those that are fused with it; returns the index of the next one. */
  #schedule(index: number): number {
    const op = this.#ops[index]
    switch (op.kind) {
      case 'rmsNorm': {
        const linears = this.#linearsOf(op.out, index + 1)
        // Only if nothing else reads the norm: the kernels keep it in scratch of their own.
        const isFused =
          op.weight &&
          op.x.heads === 1 &&
          op.epsilon === this.#epsilon &&
          linears === this.#reads[op.out.id] &&
          linears > 0
        return isFused ? this.#project(index + 1, linears, op.x, op.weight) : this.#norm(index, op)
      }
      case 'linear':
        return this.#project(index, this.#linearsOf(op.x, index), op.x, undefined)
      case 'embed':
        this.#steps.push({ kind: 'embed', matrix: op.matrix, out: this.#assign(op.out) })
        return index + 1
      case 'rope': {
        const { rope, x, first } = op
        if (first !== 0) throw notYet(op)
        this.#steps.push({ kind: 'rope', x: this.#reuse(x, op.out, index), heads: x.heads, rope })
        return index + 1
      }
      case 'attention': {
        const { q, k, v, memory, scale } = op
        if (op.softcap !== undefined || op.sinks || op.bias || q.width !== op.out.width) throw notYet(op)
        const [queries, keys, values] = [q, k, v].map((value) => this.#bufferOf(value))
        const out = this.#assign(op.out)
        const buffers = { q: queries, k: keys, v: values, out }
        this.#steps.push({ kind: 'attention', ...buffers, heads: q.heads, memory, scale })
        return this.#releaseAfter(index, [q, k, v])
      }
      case 'activation': {
        if (op.function !== 'silu' && op.function !== 'gelu') throw notYet(op)
        const x = this.#reuse(op.x, op.out, index)
        this.#steps.push({ kind: 'activation', function: op.function, x })
        return index + 1
      }
      case 'scale':
        this.#steps.push({ kind: 'scale', by: op.by, x: this.#reuse(op.x, op.out, index) })
        return index + 1
      case 'add':
      case 'multiply': {
        const [a, b] = this.#isLastRead(op.a, index) || op.a === op.b ? [op.a, op.b] : [op.b, op.a]
        const x = this.#bufferOf(b)
        this.#steps.push({ kind: op.kind, x, into: this.#reuse(a, op.out, index) })
        return this.#releaseAfter(index, a.id === b.id ? [] : [b])
      }
      case 'route': {
        const { routing } = op
        const logits = this.#bufferOf(op.logits)
        this.#steps.push({ kind: 'route', logits, routing, out: this.#assign(op.out) })
        return this.#releaseAfter(index, [op.logits])
      }
      case 'experts': {
        const { gate, up, down, function: name } = op
        const [x, routes] = [this.#bufferOf(op.x), this.#bufferOf(op.routes)]
        const used = op.routes.width / 2
        const out = this.#assign(op.out)
        this.#steps.push({ kind: 'experts', x, routes, used, gate, up, down, function: name, out })
        return this.#releaseAfter(index, [op.x, op.routes])
      }
      default:
        throw notYet(op)
    }
  }

  #norm(index: number, { x, weight, epsilon, out }: Op & { kind: 'rmsNorm' }): number {
    if (!weight || weight.length !== x.width / x.heads) throw notYet({ kind: 'rmsNorm' })
    const from = this.#bufferOf(x)
    // The kernel can work in place, unless x is needed later.
    const to = this.#isLastRead(x, index) ? this.#reuse(x, out, index) : this.#assign(out)
    this.#steps.push({ kind: 'norm', x: from, weight, groups: x.heads, epsilon, out: to })
    return index + 1
  }

  /** `count` linear layers of one input from operation `index` on, with what can be fused with them. */
  #project(index: number, count: number, x: Value, norm: VectorSlice | undefined): number {
    const input = this.#bufferOf(x)
    const linears: ScheduledLinear[] = []
    const ops = this.#ops.slice(index, index + count) as (Op & { kind: 'linear' })[]
    let end = index + count
    const temporary: Buffer[] = []
    for (let i = 0; i < ops.length; i++) {
      const { matrix, bias, out } = ops[i]
      if (ops[i].scale) throw notYet(ops[i])
      const gate = this.#gateOf(ops[i], ops[i + 1], end)
      if (gate) {
        const gated = this.#allocate(out.width)
        const product = this.#allocate(out.width)
        temporary.push(product)
        linears.push({ matrix, bias, product: gated, use: 'store', into: undefined })
        const up = ops[i + 1]
        linears.push({ matrix: up.matrix, bias: up.bias, product, use: gate.use, into: gated })
        this.#bufferByValue.set(gate.out.id, gated)
        end = gate.end
        i++
        continue
      }
      const residual = count === 1 ? this.#residualOf(ops[i], end) : undefined
      // Later slices, and other threads, still read the input; a normed input is in a buffer of its own.
      const isInput = residual?.value.id === x.id && !norm
      if (residual && !isInput) {
        const product = this.#allocate(out.width)
        temporary.push(product)
        linears.push({ matrix, bias, product, use: 'add', into: this.#bufferOf(residual.value) })
        this.#bufferByValue.set(residual.out.id, this.#bufferOf(residual.value))
        this.#bufferByValue.delete(residual.value.id)
        end++
        continue
      }
      const product = this.#allocate(out.width)
      // An unread value keeps its buffer while the others of the group are computed.
      if (this.#reads[out.id]) this.#bufferByValue.set(out.id, product)
      else temporary.push(product)
      linears.push({ matrix, bias, product, use: 'store', into: undefined })
    }
    this.#steps.push({ kind: 'project', norm, x: input, linears })
    this.#free.push(...temporary)
    return this.#releaseAfter(end - 1, [x])
  }

  /** The number of operations from `index` on that are linear layers of `x`. */
  #linearsOf(x: Value, index: number): number {
    let count = 0
    for (let op = this.#ops[index]; op?.kind === 'linear' && op.x === x; op = this.#ops[index + count])
      count++
    return count
  }

  /** The gate, if the two operations at `index` make a linear layer's product nothing but the gate of the next one's. */
  #gateOf(gate: Op & { kind: 'linear' }, up: (Op & { kind: 'linear' }) | undefined, index: number) {
    const [activation, product] = [this.#ops[index], this.#ops[index + 1]]
    if (activation?.kind !== 'activation' || product?.kind !== 'multiply' || !up) return undefined
    if (activation.function !== 'silu' && activation.function !== 'gelu') return undefined
    const isGate = activation.x === gate.out && product.a === activation.out && product.b === up.out
    if (!isGate || ![gate.out, up.out, activation.out].every(({ id }) => this.#reads[id] === 1))
      return undefined
    return { use: GATES[activation.function], out: product.out, end: index + 2 }
  }

  /** The value to which operation `index` adds a linear layer's product, if neither is read elsewhere afterwards. */
  #residualOf({ out }: Op & { kind: 'linear' }, index: number) {
    const sum = this.#ops[index]
    if (sum?.kind !== 'add' || this.#reads[out.id] !== 1 || (sum.a === out) === (sum.b === out))
      return undefined
    const value = sum.a === out ? sum.b : sum.a
    return this.#isLastRead(value, index) ? { value, out: sum.out } : undefined
  }

  #isLastRead(value: Value, index: number): boolean {
    return this.#lastRead[value.id] === index
  }

  #bufferOf({ id }: Value): Buffer {
    const buffer = this.#bufferByValue.get(id)
    if (buffer) return buffer
    throw new Error(`value ${id} has no buffer`)
  }

  /** A new buffer for the result of an operation. */
  #assign(out: Value): Buffer {
    const buffer = this.#allocate(out.width)
    if (this.#reads[out.id]) this.#bufferByValue.set(out.id, buffer)
    else this.#free.push(buffer)
    return buffer
  }

  /** The buffer of `x` for `out`, or a copy if `x` is read after operation `index`. */
  #reuse(x: Value, out: Value, index: number): Buffer {
    const buffer = this.#bufferOf(x)
    if (!this.#isLastRead(x, index)) {
      const copy = this.#assign(out)
      this.#steps.push({ kind: 'copy', x: buffer, out: copy })
      return copy
    }
    this.#bufferByValue.delete(x.id)
    if (this.#reads[out.id]) this.#bufferByValue.set(out.id, buffer)
    else this.#free.push(buffer)
    return buffer
  }

  /** Frees the buffers of `values` that no operation after `index` reads; returns the next index. */
  #releaseAfter(index: number, values: readonly Value[]): number {
    for (const value of values) {
      const buffer = this.#bufferByValue.get(value.id)
      if (!buffer || this.#lastRead[value.id] > index) continue
      this.#bufferByValue.delete(value.id)
      this.#free.push(buffer)
    }
    return index + 1
  }

  #allocate(width: number): Buffer {
    const free = this.#free.findIndex((buffer) => buffer.width === width)
    if (free >= 0) return this.#free.splice(free, 1)[0]
    const buffer = { index: this.#buffers.length, width }
    this.#buffers.push(buffer)
    return buffer
  }
}

function notYet({ kind }: Pick<Op, 'kind'>): DasllamaError {
  return new DasllamaError('UNSUPPORTED', `the engine has no ${kind} of this form`)
}
