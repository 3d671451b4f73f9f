import { Budget } from './budget.js'
import { templateFailed } from './failures.js'
import { declareGlobals } from './globals.js'
import type { Program } from './nodes.js'
import { parseTemplate } from './parse.js'
import { Scope } from './scope.js'
import { run } from './statements.js'
import type { Text } from './text.js'
import { TextBuilder } from './text-builder.js'
import type { Value } from './values.js'

/**
 * A Jinja template. `@huggingface/jinja` parses it; it is evaluated here, because a chat has to know of each character
 * of the output who wrote it, and because its language has no limits of its own. Semantics are Python's, in which the
 * templates were written.
 */
export class Template {
  readonly source: string
  readonly #program: Program

  /** Throws `TEMPLATE_FAILED` and `LIMIT`. */
  constructor(source: string) {
    this.source = source
    this.#program = parseTemplate(source)
  }

  /**
   * The output. `now` is the time that the template may tell, `budget` what this rendering may use up. Throws `TEMPLATE_REFUSED` where the template does so,
   * `TEMPLATE_FAILED` for what is wrong with it or with the variables, `UNSUPPORTED` for a filter, test or function
   * that is not known, `LIMIT` for too much work or text.
   */
  render(variables: ReadonlyMap<string, Value>, now: Date, budget = new Budget()): Text {
    budget.surface()
    const globals = new Scope()
    declareGlobals(globals, now, budget)
    const scope = new Scope(globals)
    for (const [name, value] of variables) scope.set(name, value)
    const out = new TextBuilder(budget)
    const jump = run(this.#program.body, scope, out, budget)
    if (jump) throw templateFailed(`${jump} outside of a loop`)
    return out.text()
  }
}
