/** Bounds the work on a schema's automata, which is exponential in theory. */
export class Budget {
  #left: number

  constructor(steps: number) {
    this.#left = steps
  }

  /** Accounts for steps. Throws `BudgetExceeded`. */
  spend(steps: number): void {
    this.#left -= steps
    if (this.#left < 0) throw new BudgetExceeded()
  }
}

/** An automaton would be too large or take too long to construct. */
export class BudgetExceeded extends Error {}
