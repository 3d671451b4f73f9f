import { DasllamaError } from '../../errors.js'
import { inputsOf, type Op, type Program, type Value } from '../program.js'
import { type KeyRopes, keyRopes } from './key-ropes.js'
import type { Buffer, Schedule, Scheduled, ScheduledLinear, ScheduledNorm } from './scheduled.js'

type NormOp = Op & { kind: 'rmsNorm' | 'layerNorm' }

/** Which row each embedding takes. */
const EMBEDDED = { embed: 'token', embedPosition: 'position', embedRow: 'first' } as const

/** The gate that an activation and the following product make. */
const GATES = { silu: 'swiglu', gelu: 'geglu' } as const

/**
 * Fuses a program's operations into what the kernels do in one call: a norm with the linear layers that read it, a linear
 * layer with the addition to the residual stream, a gate with its product. Buffers are reused once their value has been
 * read for the last time.
 */
export function schedule(program: Program, boundary: Boundary = {}): Schedule {
  return new ScheduleBuilder(program, boundary).run()
}

/** What a part of a program shares with what runs before and after it. */
export interface Boundary {
  /** Values that are in their buffers, `Schedule.inputs`, before the first step. */
  readonly inputs?: readonly Value[]
  /** Values that are in their buffers, `Schedule.outputs`, after the last step. Default: hidden states and logits end the program. */
  readonly outputs?: readonly Value[] | undefined
  /** Of the part's memories, where its operations do not show how keys come about. Default: found in the program. */
  readonly keyRopes?: KeyRopes
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
  /** The last norm, which is computed for output rows only, and its input. */
  readonly #head: { readonly x: Value; readonly norm: ScheduledNorm | undefined }

  readonly #boundary: Boundary

  constructor(program: Program, boundary: Boundary) {
    this.#program = program
    this.#boundary = boundary
    const { outputs } = boundary
    const { hidden, ops } = program
    const last = ops.at(-1)
    const isNormed =
      !outputs && last !== undefined && isNorm(last) && last.out.id === hidden.id && last.x.heads === 1
    this.#ops = isNormed ? ops.slice(0, -1) : ops
    this.#head = isNormed ? { x: last.x, norm: normOf(last) } : { x: outputs?.[0] ?? hidden, norm: undefined }
    const read = (value: Value, index: number) => {
      this.#reads[value.id] = (this.#reads[value.id] ?? 0) + 1
      this.#lastRead[value.id] = index
    }
    for (const [index, op] of this.#ops.entries()) for (const value of inputsOf(op)) read(value, index)
    for (const value of outputs ?? [this.#head.x]) read(value, Number.POSITIVE_INFINITY)
  }

  run(): Schedule {
    const { inputs = [], outputs = [], keyRopes: given } = this.#boundary
    const inputBuffers = inputs.map((value) => this.#assign(value))
    for (let index = 0; index < this.#ops.length; ) index = this.#schedule(index)
    return {
      steps: this.#steps,
      buffers: this.#buffers,
      inputs: inputBuffers,
      outputs: outputs.map((value) => this.#bufferOf(value)),
      head: { x: this.#bufferOf(this.#head.x), norm: this.#head.norm },
      keyRopes: given ?? keyRopes(this.#program),
    }
  }

  /** Schedules operation `index` and those that are fused with it; returns the index of the next one. */
  #schedule(index: number): number {
    const op = this.#ops[index]
    switch (op.kind) {
      case 'rmsNorm':
      case 'layerNorm': {
        const linears = this.#linearsOf(op.out, index + 1)
        // Only if nothing else reads the norm: the kernels keep it in scratch of their own.
        const isFused = op.x.heads === 1 && linears === this.#reads[op.out.id] && linears > 0
        return isFused ? this.#project(index + 1, linears, op.x, normOf(op)) : this.#norm(index, op)
      }
      case 'linear':
        return this.#project(index, this.#linearsOf(op.x, index), op.x, undefined)
      case 'headLinear': {
        const x = this.#bufferOf(op.x)
        const out = this.#assign(op.out)
        this.#steps.push({ kind: 'headProject', x, heads: op.x.heads, matrix: op.matrix, out })
        return this.#releaseAfter(index, [op.x])
      }
      case 'embed':
      case 'embedPosition':
      case 'embedRow':
        this.#steps.push({
          kind: 'embed',
          row: EMBEDDED[op.kind],
          matrix: op.matrix,
          out: this.#assign(op.out),
        })
        return index + 1
      case 'rope': {
        const { rope, x, first } = op
        this.#steps.push({ kind: 'rope', x: this.#reuse(x, op.out, index), heads: x.heads, rope, first })
        return index + 1
      }
      case 'temperature': {
        const { kind, beta, interval } = op
        this.#steps.push({ kind, x: this.#reuse(op.x, op.out, index), beta, interval })
        return index + 1
      }
      case 'attention': {
        const { q, k, v, memory, scale, softcap, sinks, bias } = op
        if (bias && bias.kind !== 'alibi') throw notYet(op)
        const [queries, keys, values] = [q, k, v].map((value) => value && this.#bufferOf(value))
        const out = this.#assign(op.out)
        const buffers = { q: queries!, k: keys, v: values, out }
        const scores = { scale, softcap, sinks, bias }
        this.#steps.push({ kind: 'attention', ...buffers, heads: q.heads, memory, scores })
        return this.#releaseAfter(index, inputsOf(op))
      }
      case 'encoderAttention': {
        const { q, k, v, scale, window, bias } = op
        if (q.width !== op.out.width) throw notYet(op)
        const [queries, keys, values] = [q, k, v].map((value) => this.#bufferOf(value))
        const carried = this.#readAfter(index)
        const out = this.#assign(op.out)
        const buffers = { q: queries, k: keys, v: values, out, carried }
        const heads = { heads: q.heads, kvHeads: k.heads }
        this.#steps.push({ kind: 'encoderAttention', ...buffers, ...heads, scale, window, bias })
        return this.#releaseAfter(index, [q, k, v])
      }
      case 'conv': {
        const { kernel, taps, bias, memory } = op
        const next = this.#ops[index + 1]
        const silu =
          next?.kind === 'activation' &&
          next.function === 'silu' &&
          next.x.id === op.out.id &&
          this.#reads[op.out.id] === 1
        const x = this.#bufferOf(op.x)
        const out = this.#assign(silu ? next.out : op.out)
        this.#steps.push({ kind: 'conv', x, kernel, taps, bias, silu, memory, out })
        return this.#releaseAfter(silu ? index + 1 : index, [op.x])
      }
      case 'deltaRule': {
        const { q, k, v, decay, beta, scale, sharing, memory } = op
        const buffers = {
          ...{ q: this.#bufferOf(q), k: this.#bufferOf(k), v: this.#bufferOf(v) },
          ...{ decay: this.#bufferOf(decay), beta: this.#bufferOf(beta), out: this.#assign(op.out) },
        }
        const heads = { heads: v.heads, keyHeads: k.heads }
        this.#steps.push({ kind: 'deltaRule', ...buffers, ...heads, scale, sharing, memory })
        return this.#releaseAfter(index, inputsOf(op))
      }
      case 'stateScan': {
        const { x, b, c, step, a, d, memory } = op
        const buffers = {
          ...{ x: this.#bufferOf(x), b: this.#bufferOf(b), c: this.#bufferOf(c) },
          ...{ step: this.#bufferOf(step), out: this.#assign(op.out) },
        }
        this.#steps.push({ kind: 'stateScan', ...buffers, heads: x.heads, groups: b.heads, a, d, memory })
        return this.#releaseAfter(index, inputsOf(op))
      }
      case 'affine': {
        const { weight, bias } = op
        this.#steps.push({ kind: 'affine', x: this.#reuse(op.x, op.out, index), weight, bias })
        return index + 1
      }
      case 'activation': {
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
      case 'scaleRows': {
        const by = this.#bufferOf(op.by)
        this.#steps.push({ kind: 'scaleRows', by, x: this.#reuse(op.x, op.out, index) })
        return this.#releaseAfter(index, [op.by])
      }
      case 'gaussianTopK': {
        const { kind, deviations } = op
        this.#steps.push({ kind, deviations, x: this.#reuse(op.x, op.out, index) })
        return index + 1
      }
      case 'length': {
        const x = this.#bufferOf(op.x)
        this.#steps.push({ kind: 'length', x, heads: op.x.heads, out: this.#assign(op.out) })
        return this.#releaseAfter(index, [op.x])
      }
      case 'mixHeads': {
        const { kind, plus } = op
        const [x, by] = [this.#bufferOf(op.x), this.#bufferOf(op.by)]
        this.#steps.push({ kind, x, heads: op.x.heads, by, plus, out: this.#assign(op.out) })
        return this.#releaseAfter(index, [op.x, op.by])
      }
      case 'slice': {
        const x = this.#bufferOf(op.x)
        const { heads } = op.x
        this.#steps.push({ kind: 'slice', x, heads, first: op.first, out: this.#assign(op.out) })
        return this.#releaseAfter(index, [op.x])
      }
      case 'concat': {
        const [a, b] = [op.a, op.b].map((value) => this.#bufferOf(value))
        const { heads } = op.a
        const isShared = op.b.heads === 1
        this.#steps.push({ kind: 'concat', a, b, heads, isShared, out: this.#assign(op.out) })
        return this.#releaseAfter(index, [op.a, op.b])
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
    }
  }

  #norm(index: number, op: NormOp): number {
    const { x, out } = op
    const from = this.#bufferOf(x)
    // The kernel can work in place, unless x is needed later.
    const to = this.#isLastRead(x, index) ? this.#reuse(x, out, index) : this.#assign(out)
    this.#steps.push({ kind: 'norm', x: from, norm: normOf(op), groups: x.heads, out: to })
    return index + 1
  }

  /** `count` linear layers of one input from operation `index` on, with what can be fused with them. */
  #project(index: number, count: number, x: Value, norm: ScheduledNorm | undefined): number {
    const input = this.#bufferOf(x)
    const linears: ScheduledLinear[] = []
    const ops = this.#ops.slice(index, index + count) as (Op & { kind: 'linear' })[]
    let end = index + count
    const temporary: Buffer[] = []
    for (let i = 0; i < ops.length; i++) {
      const { out } = ops[i]
      const gate = this.#gateOf(ops[i], ops[i + 1], end)
      if (gate) {
        const gated = this.#allocate(out.width)
        const product = this.#allocate(out.width)
        temporary.push(product)
        linears.push({ ...weightsOf(ops[i]), product: gated, use: 'store', into: undefined })
        linears.push({ ...weightsOf(ops[i + 1]), product, use: gate.use, into: gated })
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
        linears.push({ ...weightsOf(ops[i]), product, use: 'add', into: this.#bufferOf(residual.value) })
        this.#bufferByValue.set(residual.out.id, this.#bufferOf(residual.value))
        this.#bufferByValue.delete(residual.value.id)
        end++
        continue
      }
      const product = this.#allocate(out.width)
      // An unread value keeps its buffer while the others of the group are computed.
      if (this.#reads[out.id]) this.#bufferByValue.set(out.id, product)
      else temporary.push(product)
      linears.push({ ...weightsOf(ops[i]), product, use: 'store', into: undefined })
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

  /** The buffers of the values that operations after `index` read. */
  #readAfter(index: number): Buffer[] {
    const read = [...this.#bufferByValue].filter(([id]) => this.#lastRead[id] > index)
    return [...new Set(read.map(([, buffer]) => buffer))]
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

function weightsOf({ matrix, scale, bias }: Op & { kind: 'linear' }) {
  return { matrix, scale, bias }
}

function isNorm(op: Op): op is NormOp {
  return op.kind === 'rmsNorm' || op.kind === 'layerNorm'
}

function normOf(op: NormOp): ScheduledNorm {
  const { weight, epsilon } = op
  return op.kind === 'rmsNorm'
    ? { kind: 'rms', weight, bias: op.bias, epsilon }
    : { kind: 'layer', weight, bias: op.bias, epsilon }
}

function notYet({ kind }: Pick<Op, 'kind'>): DasllamaError {
  return new DasllamaError('UNSUPPORTED', `the engine has no ${kind} of this form`)
}
