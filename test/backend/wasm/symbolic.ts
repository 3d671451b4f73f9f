import type { Op, Program, Value } from '../../../src/backend/program.js'
import type { Buffer, Schedule, Scheduled } from '../../../src/backend/wasm/schedule.js'

/** A value's meaning as a number: equal for equal computations of equal inputs. */
type Term = number

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

/** A program's meaning: the inputs of each attention, in order, and the input of hidden states and logits. */
export interface Meaning {
  readonly attentions: readonly Term[]
  readonly head: Term
}

/** The meaning of a program, by its values, each of which is written once. */
export function meaningOfProgram({ ops, hidden }: Program, terms: Terms): Meaning {
  const values = new Map<number, Term>()
  const attentions: Term[] = []
  const term = ({ id }: Value) => values.get(id)!
  const compute = (op: Op): Term => {
    switch (op.kind) {
      case 'embed':
        return terms.of('embed', op.matrix)
      case 'rmsNorm':
        return terms.of('norm', term(op.x), op.weight, op.epsilon, op.x.heads)
      case 'linear':
        return terms.of('linear', term(op.x), op.matrix, op.bias)
      case 'rope':
        return terms.of('rope', term(op.x), op.rope, op.x.heads)
      case 'attention': {
        const attention = terms.of(
          'attention',
          ...[op.q, op.k, op.v].map(term),
          op.memory,
          op.scale,
          op.q.heads,
        )
        attentions.push(attention)
        return attention
      }
      case 'activation':
        return terms.of(op.function, term(op.x))
      case 'scale':
        return terms.of('scale', term(op.x), op.by)
      case 'add':
      case 'multiply':
        return terms.ofPair(op.kind, term(op.a), term(op.b))
      default:
        throw new Error(`no meaning of ${op.kind}`)
    }
  }
  for (const op of ops) values.set(op.out.id, compute(op))
  return { attentions, head: term(hidden) }
}

/**
 * The meaning of a schedule, by the content of its buffers after each step. Throws if the kernels would read what they have
 * overwritten: linear layers run in slices and on several threads, so an input must not change until all have ended,
 * unless it is normed first.
 */
export function meaningOfSchedule(schedule: Schedule, terms: Terms): Meaning {
  const contents = new Map<number, Term>()
  const attentions: Term[] = []
  const read = ({ index }: Buffer): Term => {
    const content = contents.get(index)
    if (content === undefined) throw new Error(`buffer ${index} is read before it is written`)
    return content
  }
  const write = ({ index }: Buffer, content: Term) => void contents.set(index, content)
  const demand = (isSo: boolean, what: string) => {
    if (!isSo) throw new Error(what)
  }
  const run = (step: Scheduled): void => {
    switch (step.kind) {
      case 'embed':
        demand(step.out.width === step.matrix.columns, 'an embedding of another width')
        write(step.out, terms.of('embed', step.matrix))
        return
      case 'project': {
        const { norm, linears } = step
        const x = norm ? terms.of('norm', read(step.x), norm, schedule.epsilon, 1) : read(step.x)
        const products = linears.map(({ product }) => product.index)
        demand(new Set(products).size === products.length, 'two products in one buffer')
        const intos = linears.flatMap(({ into }) => into?.index ?? [])
        if (!norm) demand(![...products, ...intos].includes(step.x.index), 'the input is overwritten')
        for (const [i, { matrix, bias, product, use, into }] of linears.entries()) {
          demand(matrix.rows === product.width, 'a product of another width')
          demand(matrix.columns === step.x.width, 'an input of another width')
          const linear = terms.of('linear', x, matrix, bias)
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
      case 'norm':
        write(step.out, terms.of('norm', read(step.x), step.weight, step.epsilon, step.groups))
        return
      case 'rope':
        write(step.x, terms.of('rope', read(step.x), step.rope, step.heads))
        return
      case 'attention': {
        const { q, k, v, out, memory, scale, heads } = step
        demand(![q, k, v].includes(out), 'attention writes to what it reads')
        const attention = terms.of('attention', ...[q, k, v].map(read), memory, scale, heads)
        attentions.push(attention)
        write(out, attention)
        return
      }
      case 'activation':
        write(step.x, terms.of(step.function, read(step.x)))
        return
      case 'scale':
        write(step.x, terms.of('scale', read(step.x), step.by))
        return
      case 'add':
      case 'multiply':
        demand(step.x.width === step.into.width, 'operands of different widths')
        write(step.into, terms.ofPair(step.kind, read(step.into), read(step.x)))
        return
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
  const head = norm ? terms.of('norm', read(x), norm, schedule.epsilon, 1) : read(x)
  return { attentions, head }
}
