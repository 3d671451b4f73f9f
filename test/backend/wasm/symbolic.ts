import type { Op, Program, Value } from '../../../src/backend/program.js'
import type { Buffer, Schedule, Scheduled, ScheduledNorm } from '../../../src/backend/wasm/scheduled.js'

/** A value's meaning as a number: equal for equal computations of equal inputs. */
type Term = number

/** The operation that takes each row of an embedding. */
const EMBEDDINGS = { token: 'embed', position: 'embedPosition', first: 'embedRow' } as const

/** Numbers for terms. */
export class Terms {
  readonly #known = new Map<string, Term>()

  of(...parts: readonly unknown[]): Term {
    const text = JSON.stringify(parts)
    const known = this.#known.get(text) ?? this.#known.size
    this.#known.set(text, known)
    return known
  }

  /** For commutative operations. */
  ofPair(kind: 'add' | 'multiply', a: Term, b: Term): Term {
    return this.of(kind, ...[a, b].sort((x, y) => x - y))
  }
}

/** A program's meaning: the operations with a memory, in order, and the input of hidden states and logits. */
export interface Meaning {
  readonly memories: readonly Term[]
  readonly head: Term
}

/** The meaning of a program, by its values, each of which is written once. */
export function meaningOfProgram({ ops, hidden }: Program, terms: Terms): Meaning {
  const values = new Map<number, Term>()
  const memories: Term[] = []
  const term = ({ id }: Value) => values.get(id)!
  const compute = (op: Op): Term => {
    switch (op.kind) {
      case 'embed':
      case 'embedPosition':
      case 'embedRow':
        return terms.of(op.kind, op.matrix)
      case 'rmsNorm':
        return terms.of('norm', term(op.x), 'rms', op.weight, op.bias, op.epsilon, op.x.heads)
      case 'layerNorm':
        return terms.of('norm', term(op.x), 'layer', op.weight, op.bias, op.epsilon, op.x.heads)
      case 'linear':
        return terms.of('linear', term(op.x), op.matrix, op.scale, op.bias)
      case 'headLinear':
        return terms.of('headLinear', term(op.x), op.matrix, op.x.heads)
      case 'rope':
        return terms.of('rope', term(op.x), op.rope, op.x.heads, op.first)
      case 'temperature':
        return terms.of('temperature', term(op.x), op.beta, op.interval)
      case 'attention': {
        const attention = terms.of(
          'attention',
          ...[op.q, op.k, op.v].map((value) => value && term(value)),
          op.memory,
          [op.scale, op.softcap, op.sinks, op.bias],
          op.q.heads,
        )
        memories.push(attention)
        return attention
      }
      case 'conv': {
        const conv = terms.of('conv', term(op.x), op.kernel, op.taps, op.bias, op.memory)
        memories.push(conv)
        return conv
      }
      case 'deltaRule': {
        const inputs = [op.q, op.k, op.v, op.decay, op.beta].map(term)
        const delta = terms.of('deltaRule', inputs, op.v.heads, op.k.heads, op.scale, op.sharing, op.memory)
        memories.push(delta)
        return delta
      }
      case 'stateScan': {
        const inputs = [op.x, op.b, op.c, op.step].map(term)
        const scan = terms.of('stateScan', inputs, op.x.heads, op.b.heads, op.a, op.d, op.memory)
        memories.push(scan)
        return scan
      }
      case 'affine':
        return terms.of('affine', term(op.x), op.weight, op.bias)
      case 'activation':
        return terms.of(op.function, term(op.x))
      case 'scale':
        return terms.of('scale', term(op.x), op.by)
      case 'add':
      case 'multiply':
        return terms.ofPair(op.kind, term(op.a), term(op.b))
      case 'scaleRows':
        return terms.of('scaleRows', term(op.x), term(op.by))
      case 'length':
        return terms.of('length', term(op.x), op.x.heads)
      case 'mixHeads':
        return terms.of('mixHeads', term(op.x), op.x.heads, term(op.by), op.plus, op.out.width)
      case 'gaussianTopK':
        return terms.of('gaussianTopK', term(op.x), op.deviations)
      case 'slice':
        return terms.of('slice', term(op.x), op.x.heads, op.first, op.out.width)
      case 'concat':
        return terms.of('concat', term(op.a), term(op.b), op.a.heads, op.b.heads === 1, op.out.width)
      case 'route':
        return terms.of('route', term(op.logits), op.routing)
      case 'experts':
        return terms.of('experts', term(op.x), term(op.routes), op.gate, op.up, op.down, op.function)
      case 'encoderAttention':
        throw new Error(`no meaning of ${op.kind}`)
    }
  }
  for (const op of ops) values.set(op.out.id, compute(op))
  return { memories, head: term(hidden) }
}

/**
 * The meaning of a schedule, by the content of its buffers after each step. Throws if the kernels would read what they have
 * overwritten: linear layers run in slices and on several threads, so an input must not change until all have ended,
 * unless it is normed first.
 */
export function meaningOfSchedule(schedule: Schedule, terms: Terms): Meaning {
  const contents = new Map<number, Term>()
  const memories: Term[] = []
  const read = ({ index }: Buffer): Term => {
    const content = contents.get(index)
    if (content === undefined) throw new Error(`buffer ${index} is read before it is written`)
    return content
  }
  const write = ({ index }: Buffer, content: Term) => void contents.set(index, content)
  const demand = (isSo: boolean, what: string) => {
    if (!isSo) throw new Error(what)
  }
  const normed = (x: Term, { kind, weight, bias, epsilon }: ScheduledNorm, groups: number) =>
    terms.of('norm', x, kind, weight, bias, epsilon, groups)
  const run = (step: Scheduled): void => {
    switch (step.kind) {
      case 'embed':
        demand(step.out.width === step.matrix.columns, 'an embedding of another width')
        write(step.out, terms.of(EMBEDDINGS[step.row], step.matrix))
        return
      case 'project': {
        const { norm, linears } = step
        const x = norm ? normed(read(step.x), norm, 1) : read(step.x)
        const products = linears.map(({ product }) => product.index)
        demand(new Set(products).size === products.length, 'two products in one buffer')
        const intos = linears.flatMap(({ into }) => into?.index ?? [])
        if (!norm) demand(![...products, ...intos].includes(step.x.index), 'the input is overwritten')
        for (const [i, { matrix, scale, bias, product, use, into }] of linears.entries()) {
          demand(matrix.rows === product.width, 'a product of another width')
          demand(matrix.columns === step.x.width, 'an input of another width')
          const linear = terms.of('linear', x, matrix, scale, bias)
          write(product, linear)
          if (use === 'store') continue
          demand(into !== undefined && into.width === product.width, 'a sum of another width')
          demand(into !== product, 'a product on itself')
          if (use === 'add') {
            demand(!products.includes(into!.index), 'a sum in the buffer of a product')
            write(into!, terms.ofPair('add', read(into!), linear))
          } else {
            demand(linears[i - 1]?.product === into, 'a gate that is not the product before')
            const activated = terms.of(use === 'swiglu' ? 'silu' : 'gelu', read(into!))
            write(into!, terms.ofPair('multiply', activated, linear))
          }
        }
        return
      }
      case 'headProject': {
        const { x, heads, matrix, out } = step
        demand(x !== out, 'the input is overwritten')
        demand(out.width === heads * matrix.rows && x.width === heads * matrix.columns, 'other widths')
        write(out, terms.of('headLinear', read(x), matrix, heads))
        return
      }
      case 'norm':
        write(step.out, normed(read(step.x), step.norm, step.groups))
        return
      case 'rope':
        write(step.x, terms.of('rope', read(step.x), step.rope, step.heads, step.first))
        return
      case 'attention': {
        const { q, k, v, out, memory, heads } = step
        const { scale, softcap, sinks, bias } = step.scores
        const scores = [scale, softcap, sinks, bias]
        demand(![q, k, v].includes(out), 'attention writes to what it reads')
        const inputs = [q, k, v].map((buffer) => buffer && read(buffer))
        const attention = terms.of('attention', ...inputs, memory, scores, heads)
        memories.push(attention)
        write(out, attention)
        return
      }
      case 'conv': {
        const { x, kernel, taps, bias, silu, memory, out } = step
        demand(x !== out && x.width === out.width, 'a convolution writes to what it reads')
        const conv = terms.of('conv', read(x), kernel, taps, bias, memory)
        memories.push(conv)
        write(out, silu ? terms.of('silu', conv) : conv)
        return
      }
      case 'deltaRule': {
        const { q, k, v, decay, beta, heads, keyHeads, scale, sharing, memory, out } = step
        demand(![q, k, v, decay, beta].includes(out), 'a delta rule writes to what it reads')
        demand(q.width === k.width && v.width === out.width, 'heads of other widths')
        const inputs = [q, k, v, decay, beta].map(read)
        const delta = terms.of('deltaRule', inputs, heads, keyHeads, scale, sharing, memory)
        memories.push(delta)
        write(out, delta)
        return
      }
      case 'stateScan': {
        const { x, b, c, step: steps, heads, groups, a, d, memory, out } = step
        demand(![x, b, c, steps].includes(out), 'a scan writes to what it reads')
        demand(b.width === c.width && x.width === out.width, 'states of other widths')
        const scan = terms.of('stateScan', [x, b, c, steps].map(read), heads, groups, a, d, memory)
        memories.push(scan)
        write(out, scan)
        return
      }
      case 'affine':
        write(step.x, terms.of('affine', read(step.x), step.weight, step.bias))
        return
      case 'activation':
        write(step.x, terms.of(step.function, read(step.x)))
        return
      case 'scale':
        write(step.x, terms.of('scale', read(step.x), step.by))
        return
      case 'temperature':
        write(step.x, terms.of('temperature', read(step.x), step.beta, step.interval))
        return
      case 'scaleRows':
        demand(step.by.width === 1, 'more than one factor per row')
        write(step.x, terms.of('scaleRows', read(step.x), read(step.by)))
        return
      case 'length':
        demand(
          step.x !== step.out && step.out.width === step.heads,
          'lengths onto their input, or of another width',
        )
        write(step.out, terms.of('length', read(step.x), step.heads))
        return
      case 'mixHeads': {
        const { x, heads, by, plus, out } = step
        demand(x !== out && by !== out, 'heads are overwritten')
        demand((by.width / heads) * (x.width / heads) === out.width, 'heads of another width')
        write(out, terms.of('mixHeads', read(x), heads, read(by), plus, out.width))
        return
      }
      case 'gaussianTopK':
        write(step.x, terms.of('gaussianTopK', read(step.x), step.deviations))
        return
      case 'slice':
        demand(step.x !== step.out, 'a slice onto itself')
        write(step.out, terms.of('slice', read(step.x), step.heads, step.first, step.out.width))
        return
      case 'concat': {
        const { a, b, heads, isShared, out } = step
        demand(a !== out && b !== out, 'a part is overwritten')
        demand(out.width === a.width + (isShared ? heads * b.width : b.width), 'parts of other widths')
        write(out, terms.of('concat', read(a), read(b), heads, isShared, out.width))
        return
      }
      case 'add':
      case 'multiply':
        demand(step.x.width === step.into.width, 'operands of different widths')
        write(step.into, terms.ofPair(step.kind, read(step.into), read(step.x)))
        return
      case 'route':
        demand(step.out !== step.logits, 'a router writes to what it reads')
        write(step.out, terms.of('route', read(step.logits), step.routing))
        return
      case 'experts': {
        const { x, routes, gate, up, down, out } = step
        demand(![x, routes].includes(out), 'experts write to what they read')
        demand(x.width === up.columns && out.width === down.rows, 'experts of another width')
        write(out, terms.of('experts', read(x), read(routes), gate, up, down, step.function))
        return
      }
      case 'copy':
        demand(
          step.x.width === step.out.width && step.x !== step.out,
          'a copy of another width, or onto itself',
        )
        write(step.out, read(step.x))
        return
    }
  }
  for (const step of schedule.steps) run(step)
  const { x, norm } = schedule.head
  const head = norm ? normed(read(x), norm, 1) : read(x)
  return { memories, head }
}
