import { DasllamaError } from '../../errors.js'
import { Budget } from './budget.js'
import { stackLimit, templateFailedAt } from './failures.js'
import { declareGlobals } from './globals.js'
import type { Block } from './nodes.js'
import { parseTemplate } from './parse.js'
import { type Rendering, Scope } from './scope.js'
import { TemplateSource } from './source.js'
import { run } from './statements.js'
import type { Text } from './text.js'
import { TextBuilder } from './text-builder.js'
import type { Value } from './values.js'

export interface RenderOptions {
  /** Fail where the template prints `none`, rather than print "None" as Python does. Default: false. */
  readonly refusesNone?: boolean
}

/**
 * A Jinja template, parsed and evaluated here: a chat has to know the provenance of each character of the output, and a
 * template that comes with a model needs limits, which Jinja itself does not have. Language and semantics are those of
 * Jinja2 3.1, in whose environment templates were written.
 */
export class Template {
  /** The text as it was given. */
  readonly source: string
  readonly #text: TemplateSource
  readonly #body: Block

  /** Throws `TEMPLATE_FAILED`, `UNSUPPORTED` and `LIMIT`, with line and column. */
  constructor(source: string) {
    this.source = source
    this.#text = new TemplateSource(source)
    try {
      this.#body = parseTemplate(this.#text)
    } catch (error) {
      throw stackLimit(error)
    }
  }

  /**
   * The output. `now` is the time that the template may print, `budget` what the rendering may use up. Throws `TEMPLATE_REFUSED` where the template calls
   * `raise_exception`, `TEMPLATE_FAILED` for what is wrong with it or with the variables, `UNSUPPORTED` for a filter, test
   * or function that is not known, `LIMIT` for too much work, text or memory; all but the first with line and column.
   */
  render(
    variables: ReadonlyMap<string, Value>,
    now: Date,
    budget = new Budget(),
    { refusesNone = false }: RenderOptions = {},
  ): Text {
    budget.surface()
    const rendering: Rendering = { budget, at: 0, refusesNone }
    const globals = Scope.of(rendering)
    declareGlobals(globals, now, budget)
    const scope = globals.inner()
    for (const [name, value] of variables) scope.set(name, value)
    const out = new TextBuilder(budget)
    try {
      run(this.#body.statements, scope.inner(this.#body.unset), out)
    } catch (thrown) {
      const error = stackLimit(thrown)
      if (!(error instanceof DasllamaError) || error.code === 'TEMPLATE_REFUSED') throw error
      throw templateFailedAt(error, this.#text.place(rendering.at))
    }
    return out.text()
  }
}
