import { MAX_NFA_STATES } from '../limits.js'
import type { Alphabet } from './alphabet.js'
import { type Budget, BudgetExceeded } from './budget.js'
import type { Expression, Look } from './expression.js'

/** Transitions of a state, by the classes of an alphabet. */
interface State {
  readonly edges: { readonly classes: ReadonlySet<number>; readonly to: number }[]
  /** Epsilon transitions. */
  readonly free: number[]
  /** Epsilon transitions guarded by an assertion. */
  readonly looks: { readonly look: Look; readonly to: number }[]
}

/** Expressions as an NFA: Thompson's construction, with assertions as separate edges. */
export class Nfa {
  readonly states: State[] = []
  readonly #alphabet: Alphabet
  readonly #budget: Budget
  readonly #classesOf = new Map<Expression, ReadonlySet<number>>()

  constructor(alphabet: Alphabet, budget: Budget) {
    this.#alphabet = alphabet
    this.#budget = budget
  }

  /** Adds an expression. */
  add(expression: Expression): { readonly start: number; readonly end: number } {
    const start = this.#newState()
    const end = this.#newState()
    this.#connect(expression, start, end)
    return { start, end }
  }

  #newState(): number {
    if (this.states.length >= MAX_NFA_STATES) throw new BudgetExceeded()
    this.#budget.spend(1)
    return this.states.push({ edges: [], free: [], looks: [] }) - 1
  }

  #connect(expression: Expression, from: number, to: number): void {
    switch (expression.kind) {
      case 'set': {
        let classes = this.#classesOf.get(expression)
        if (!classes) {
          classes = new Set(this.#alphabet.classesOf(expression.ranges))
          this.#classesOf.set(expression, classes)
        }
        this.states[from].edges.push({ classes, to })
        break
      }
      case 'sequence': {
        let at = from
        for (const [i, part] of expression.parts.entries()) {
          const next = i + 1 === expression.parts.length ? to : this.#newState()
          this.#connect(part, at, next)
          at = next
        }
        if (expression.parts.length === 0) this.states[from].free.push(to)
        break
      }
      case 'choice':
        for (const option of expression.options) {
          // A separate state, so that a loop in one alternative does not lead into the others.
          const start = this.#newState()
          this.states[from].free.push(start)
          this.#connect(option, start, to)
        }
        break
      case 'repeat':
        this.#repeat(expression, from, to)
        break
      case 'look':
        this.states[from].looks.push({ look: expression, to })
    }
  }

  #repeat({ body, min, max }: Expression & { kind: 'repeat' }, from: number, to: number): void {
    let at = from
    for (let i = 0; i < min; i++) {
      const next = this.#newState()
      this.#connect(body, at, next)
      at = next
    }
    if (max === Number.POSITIVE_INFINITY) {
      const loop = this.#newState()
      this.states[at].free.push(loop)
      const again = this.#newState()
      this.#connect(body, loop, again)
      this.states[again].free.push(loop)
      this.states[loop].free.push(to)
      return
    }
    this.states[at].free.push(to)
    for (let i = min; i < max; i++) {
      const next = this.#newState()
      this.#connect(body, at, next)
      this.states[next].free.push(to)
      at = next
    }
  }
}
