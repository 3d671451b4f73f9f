/** Work on automata that a schema may cause: what is exponential in theory stays bounded. */
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

/** An automaton would be too large, or take too long. */
export class BudgetExceeded extends Error {}
