import {
  type ActivationFunction,
  inputsOf,
  type MatrixSlice,
  type Op,
  type Program,
  type Value,
  type VectorSlice,
} from '../program.js'
import { type KeyRopes, keyRopes } from './key-ropes.js'

/** What an activation and the product behind it are together. */
const GATES = { silu: 'swiglu', gelu: 'geglu' } as const

/** Room for f32[MAX_ROWS][width] that holds one value after another. */
export interface Buffer {
  readonly index: number
  readonly width: number
}

/** A linear layer of a group, and what becomes of its product. */
export interface ScheduledLinear {
  readonly matrix: MatrixSlice
  readonly bias: VectorSlice | undefined
  readonly product: Buffer
  /** `add`: the product is added to `into`. A gate: `into`, the product before it, becomes gate(into) · product. */
  readonly use: 'store' | 'add' | 'swiglu' | 'geglu'
  readonly into: Buffer | undefined
}

/** What the kernels are called for, one after another. Elementwise steps work in place. */
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
  | { readonly kind: 'activation'; readonly function: ActivationFunction; readonly x: Buffer }
  | { readonly kind: 'scale'; readonly x: Buffer; readonly by: number }
  | { readonly kind: 'add' | 'multiply'; readonly x: Buffer; readonly into: Buffer }
  | { readonly kind: 'copy'; readonly x: Buffer; readonly out: Buffer }

/** A program in the order in which the kernels run it, with a place for each value. */
export interface Schedule {
  readonly steps: readonly Scheduled[]
  readonly buffers: readonly Buffer[]
  /** What hidden states and logits are made of: the norm of `x`, or `x` itself. */
  readonly head: { readonly x: Buffer; readonly norm: VectorSlice | undefined }
  /** The epsilon of all norms that are fused with linear layers. */
  readonly epsilon: number
  readonly keyRopes: KeyRopes
}

/**
 * Groups a program's operations into what the kernels do at once: a norm with the linear layers that read it, a linear
 * layer with the addition to the residual stream, a gate with its product. Values that are no longer needed give their
 * buffers to later ones.
 */
export function schedule(program: Program): Schedule {
  return new Scheduler(program).run()
}

class Scheduler {
  readonly #program: Program
  readonly #ops: readonly Op[]
  /** For each value how often it is read, and the index of the last operation that does. */
  readonly #uses: number[] = []
  readonly #lastUse: number[] = []
  /** Where values are now, by id. */
  readonly #places = new Map<number, Buffer>()
  readonly #buffers: Buffer[] = []
  readonly #free: Buffer[] = []
  readonly #steps: Scheduled[] = []
  readonly #epsilon: number

  constructor(program: Program) {
    this.#program = program
    const { logits, ops } = program
    const head = ops.at(-1)
    const isNormed = head?.kind === 'rmsNorm' && head.out.id === logits.x.id && head.x.heads === 1
    this.#ops = isNormed ? ops.slice(0, -1) : ops
    const first = ops.find((op) => op.kind === 'rmsNorm')
    this.#epsilon = isNormed ? head.epsilon : (first?.epsilon ?? 0)
    const read = (value: Value, index: number) => {
      this.#uses[value.id] = (this.#uses[value.id] ?? 0) + 1
      this.#lastUse[value.id] = index
    }
    for (const [index, op] of this.#ops.entries()) for (const value of inputsOf(op)) read(value, index)
    read(isNormed ? head.x : logits.x, Number.POSITIVE_INFINITY)
  }

  run(): Schedule {
    for (let index = 0; index < this.#ops.length; ) index = this.#schedule(index)
    const { ops, logits } = this.#program
    const head = ops.length > this.#ops.length ? ops[ops.length - 1] : undefined
    const norm = head?.kind === 'rmsNorm' ? head : undefined
    return {
      steps: this.#steps,
      buffers: this.#buffers,
      head: { x: this.#placeOf(norm ? norm.x : logits.x), norm: norm?.weight },
      epsilon: this.#epsilon,
      keyRopes: keyRopes(this.#program),
    }
  }

  /** Schedules operation `index` and those after it that run with it; returns the index of the next one. */
  #schedule(index: number): number {
    const op = this.#ops[index]
    switch (op.kind) {
      case 'rmsNorm': {
        const linears = this.#linearsOf(op.out, index + 1)
        // Only where nobody else needs the norm: it goes to a place of the kernels' own.
        const isFused =
          op.x.heads === 1 && op.epsilon === this.#epsilon && linears === this.#uses[op.out.id] && linears > 0
        return isFused ? this.#project(index + 1, linears, op.x, op.weight) : this.#norm(index, op)
      }
      case 'linear':
        return this.#project(index, this.#linearsOf(op.x, index), op.x, undefined)
      case 'embed':
        this.#steps.push({ kind: 'embed', matrix: op.matrix, out: this.#place(op.out) })
        return index + 1
      case 'rope': {
        const { rope, x } = op
        this.#steps.push({ kind: 'rope', x: this.#takeOver(x, op.out, index), heads: x.heads, rope })
        return index + 1
      }
      case 'attention': {
        const { q, k, v, memory, scale } = op
        const [queries, keys, values] = [q, k, v].map((value) => this.#placeOf(value))
        const out = this.#place(op.out)
        const places = { q: queries, k: keys, v: values, out }
        this.#steps.push({ kind: 'attention', ...places, heads: q.heads, memory, scale })
        return this.#after(index, [q, k, v])
      }
      case 'activation': {
        const x = this.#takeOver(op.x, op.out, index)
        this.#steps.push({ kind: 'activation', function: op.function, x })
        return index + 1
      }
      case 'scale':
        this.#steps.push({ kind: 'scale', by: op.by, x: this.#takeOver(op.x, op.out, index) })
        return index + 1
      case 'add':
      case 'multiply': {
        const [a, b] = this.#isLastUse(op.a, index) || op.a === op.b ? [op.a, op.b] : [op.b, op.a]
        const x = this.#placeOf(b)
        this.#steps.push({ kind: op.kind, x, into: this.#takeOver(a, op.out, index) })
        return this.#after(index, a.id === b.id ? [] : [b])
      }
    }
  }

  #norm(index: number, { x, weight, epsilon, out }: Op & { kind: 'rmsNorm' }): number {
    const from = this.#placeOf(x)
    // The kernel may write where it reads, but a value that is needed later stays.
    const to = this.#isLastUse(x, index) ? this.#takeOver(x, out, index) : this.#place(out)
    this.#steps.push({ kind: 'norm', x: from, weight, groups: x.heads, epsilon, out: to })
    return index + 1
  }

  /** `count` linear layers of one input from operation `index` on, with what can run with them. */
  #project(index: number, count: number, x: Value, norm: VectorSlice | undefined): number {
    const input = this.#placeOf(x)
    const linears: ScheduledLinear[] = []
    const ops = this.#ops.slice(index, index + count) as (Op & { kind: 'linear' })[]
    let end = index + count
    const temporary: Buffer[] = []
    for (let i = 0; i < ops.length; i++) {
      const { matrix, bias, out } = ops[i]
      const gate = this.#gateOf(ops[i], ops[i + 1], end)
      if (gate) {
        const gated = this.#allocate(out.width)
        const product = this.#allocate(out.width)
        temporary.push(product)
        linears.push({ matrix, bias, product: gated, use: 'store', into: undefined })
        const up = ops[i + 1]
        linears.push({ matrix: up.matrix, bias: up.bias, product, use: gate.use, into: gated })
        this.#places.set(gate.out.id, gated)
        end = gate.end
        i++
        continue
      }
      const residual = count === 1 ? this.#residualOf(ops[i], end) : undefined
      // Threads and slices that are still to come read the input; its norm has a place of its own.
      const isInput = residual?.value.id === x.id && !norm
      if (residual && !isInput) {
        const product = this.#allocate(out.width)
        temporary.push(product)
        linears.push({ matrix, bias, product, use: 'add', into: this.#placeOf(residual.value) })
        this.#places.set(residual.out.id, this.#placeOf(residual.value))
        this.#places.delete(residual.value.id)
        end++
        continue
      }
      const product = this.#allocate(out.width)
      // One that nobody needs takes its place as long as the others of the group are computed.
      if (this.#uses[out.id]) this.#places.set(out.id, product)
      else temporary.push(product)
      linears.push({ matrix, bias, product, use: 'store', into: undefined })
    }
    this.#steps.push({ kind: 'project', norm, x: input, linears })
    this.#free.push(...temporary)
    return this.#after(end - 1, [x])
  }

  /** How many operations from `index` on are linear layers of `x`. */
  #linearsOf(x: Value, index: number): number {
    let count = 0
    for (let op = this.#ops[index]; op?.kind === 'linear' && op.x === x; op = this.#ops[index + count])
      count++
    return count
  }

  /** Whether a linear layer's product is only a gate of the next one's, by the two operations at `index`. */
  #gateOf(gate: Op & { kind: 'linear' }, up: (Op & { kind: 'linear' }) | undefined, index: number) {
    const [activation, product] = [this.#ops[index], this.#ops[index + 1]]
    if (activation?.kind !== 'activation' || product?.kind !== 'multiply' || !up) return undefined
    const isGate = activation.x === gate.out && product.a === activation.out && product.b === up.out
    if (!isGate || ![gate.out, up.out, activation.out].every(({ id }) => this.#uses[id] === 1))
      return undefined
    return { use: GATES[activation.function], out: product.out, end: index + 2 }
  }

  /** What a linear layer's product is added to by the operation at `index`, where neither is needed otherwise. */
  #residualOf({ out }: Op & { kind: 'linear' }, index: number) {
    const sum = this.#ops[index]
    if (sum?.kind !== 'add' || this.#uses[out.id] !== 1 || (sum.a === out) === (sum.b === out))
      return undefined
    const value = sum.a === out ? sum.b : sum.a
    return this.#isLastUse(value, index) ? { value, out: sum.out } : undefined
  }

  #isLastUse(value: Value, index: number): boolean {
    return this.#lastUse[value.id] === index
  }

  #placeOf({ id }: Value): Buffer {
    const place = this.#places.get(id)
    if (place) return place
    throw new Error(`value ${id} has no place`)
  }

  /** A new place for a value that an operation yields. */
  #place(out: Value): Buffer {
    const buffer = this.#allocate(out.width)
    if (this.#uses[out.id]) this.#places.set(out.id, buffer)
    else this.#free.push(buffer)
    return buffer
  }

  /** The place of `x` for `out`, or a copy of it where `x` is needed after operation `index`. */
  #takeOver(x: Value, out: Value, index: number): Buffer {
    const place = this.#placeOf(x)
    if (!this.#isLastUse(x, index)) {
      const copy = this.#place(out)
      this.#steps.push({ kind: 'copy', x: place, out: copy })
      return copy
    }
    this.#places.delete(x.id)
    if (this.#uses[out.id]) this.#places.set(out.id, place)
    else this.#free.push(place)
    return place
  }

  /** Gives back the places of `values` that no operation after `index` reads; returns the next index. */
  #after(index: number, values: readonly Value[]): number {
    for (const value of values) {
      const place = this.#places.get(value.id)
      if (!place || this.#lastUse[value.id] > index) continue
      this.#places.delete(value.id)
      this.#free.push(place)
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
