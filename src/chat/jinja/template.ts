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
  /** Fail if the template prints `none`, rather than print "None" as Python does. Default: false. */
  readonly refusesNone?: boolean
}

/**
 * A Jinja template. The interpreter is our own because a chat must know the provenance of each character of the output, and
 * a template that comes with a model needs limits, which Jinja itself does not have. Language and semantics are those of
 * Jinja2 3.1.
 */
export class Template {
  /** The text as passed to the constructor. */
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
   * Renders the template. `now` is the current time for it, `budget` limits the rendering. Throws `TEMPLATE_REFUSED` if the
   * template calls `raise_exception`, `TEMPLATE_FAILED` for an error in it or in the variables, `UNSUPPORTED` for an unknown
   * filter, test or function, `LIMIT` for too much work, text or memory; all but the first with line and column.
   */
  render(
    variables: ReadonlyMap<string, Value>,
    now: Date,
    budget = new Budget(),
    { refusesNone = false }: RenderOptions = {},
  ): Text {
    budget.beginRendering()
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
      throw templateFailedAt(error, this.#text.location(rendering.at))
    }
    return out.text()
  }
}
