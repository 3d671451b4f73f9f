import { describeValue } from '../../describe.js'
import { ExpressionParser } from './expression-parser.js'
import { templateNeeds } from './failures.js'
import type { Block, Expression, FilterStep, Macro, Parameter, Statement, Target } from './nodes.js'
import type { TemplateSource } from './source.js'
import { FROM_TEMPLATE, Text } from './text.js'
import { TokenStream } from './token-stream.js'
import type { Token } from './tokens.js'

/** Parses the tokens of a template. Throws `TEMPLATE_FAILED`, `UNSUPPORTED` and `LIMIT`, with the location. */
export function parseTokens(source: TemplateSource, tokens: readonly Token[]): Block {
  return new Parser(source, tokens).template()
}

/** Keywords that end a statement's body or begin its next part. */
const ENDS: ReadonlySet<string> = new Set([
  ...['elif', 'else', 'endif', 'endfor', 'endset', 'endwith', 'endfilter', 'endcall', 'endmacro', 'endblock'],
  ...['endautoescape', 'endgeneration', 'endraw'],
])

/** Variables that macros have in addition to their parameters, if they read them. */
const SPECIAL = ['caller', 'kwargs', 'varargs']

/** Parses a statement after its keyword, which is at offset `at`. */
type Parse = (at: number) => Statement | readonly Statement[]

class Parser extends ExpressionParser {
  readonly #source: TemplateSource
  readonly #blocks = new Set<string>()
  /** For each enclosing macro: the special variables that its body has read, and those it has set before that. */
  #macros: { readonly reads: Set<string>; readonly sets: Set<string> }[] = []
  /** The enclosing statements. */
  readonly #open: { readonly text: string; readonly at: number }[] = []
  /** Number of enclosing loops in the same macro, which `break` can leave. */
  #loops = 0
  /** Number of all enclosing loops, in which `loop` cannot be assigned to. */
  #allLoops = 0

  /** By keyword. */
  readonly #statements: ReadonlyMap<string, Parse> = new Map<string, Parse>([
    ['if', (at) => this.#if(at)],
    ['for', (at) => this.#for(at)],
    ['set', (at) => this.#set(at)],
    ['with', (at) => this.#with(at)],
    ['macro', (at) => this.#macro(at)],
    ['call', (at) => this.#call(at)],
    ['filter', (at) => this.#filter(at)],
    ['block', (at) => this.#block(at)],
    ['print', () => this.#print()],
    ['do', (at) => ({ kind: 'do', expression: this.list(), at })],
    ['autoescape', (at) => this.#autoescape(at)],
    ['generation', (at) => ({ kind: 'scope', body: this.#outsideLoops('endgeneration'), at })],
    ['break', (at) => this.#jump('break', at)],
    ['continue', (at) => this.#jump('continue', at)],
  ])

  constructor(source: TemplateSource, tokens: readonly Token[]) {
    super(new TokenStream(source, tokens))
    this.#source = source
  }

  template(): Block {
    return { statements: this.#body([]), unset: [] }
  }

  protected override reads(name: string): void {
    if (!SPECIAL.includes(name)) return
    for (const { reads, sets } of this.#macros) if (!sets.has(name)) reads.add(name)
  }

  #sets(target: Target): void {
    if (target.kind === 'tuple') for (const item of target.items) this.#sets(item)
    if (target.kind !== 'name') return
    if (SPECIAL.includes(target.name)) for (const { sets } of this.#macros) sets.add(target.name)
    if (this.#allLoops > 0 && target.name === 'loop') {
      this.tokens.fail('"loop" cannot be assigned to within a loop', target.at)
    }
  }

  /** Statements up to a tag that begins with one of `ends`; that keyword becomes the current token. */
  #body(ends: readonly string[]): Statement[] {
    const { tokens } = this
    return tokens.deeper(() => {
      const statements: Statement[] = []
      for (;;) {
        const token = tokens.take()
        if (token.type === 'data')
          statements.push({ kind: 'text', text: Text.of(token.text, FROM_TEMPLATE), at: token.at })
        else if (token.type === '{{') {
          statements.push({ kind: 'output', value: this.list(), at: token.at })
          tokens.expect('}}')
        } else if (token.type === '{%') {
          if (tokens.isName(...ends)) return statements
          const found = this.#statement()
          if (Array.isArray(found)) statements.push(...found)
          else statements.push(found as Statement)
          tokens.expect('%}')
        } else if (ends.length === 0) return statements
        else {
          const { text, at } = this.#open[this.#open.length - 1]
          const wanted = ends.map((end) => `"${end}"`).join(' or ')
          tokens.fail(`"${text}" is not closed: ${wanted} is missing`, at)
        }
      }
    })
  }

  #statement(): Statement | readonly Statement[] {
    const word = this.tokens.name()
    const { text, at } = word
    const parse = this.#statements.get(text)
    if (parse) {
      this.#open.push(word)
      const statement = parse(at)
      this.#open.pop()
      return statement
    }
    if (ENDS.has(text)) this.tokens.fail(`unexpected "${text}"`, at)
    throw templateNeeds('statement', text, this.#statements.keys(), this.#source.location(at))
  }

  /** The body of the statement whose tag ends here, up to one of `ends`, which is consumed. */
  #until(...ends: readonly string[]): { readonly statements: Statement[]; readonly end: string } {
    this.tokens.skip(':')
    this.tokens.expect('%}')
    const statements = this.#body(ends)
    return { statements, end: this.tokens.name().text }
  }

  #scope(end: string): Block {
    return { statements: this.#until(end).statements, unset: [] }
  }

  /** A body that becomes a function, so `break` in it cannot leave the loops outside. */
  #outsideLoops(end: string): Block {
    const loops = this.#loops
    this.#loops = 0
    const body = this.#scope(end)
    this.#loops = loops
    return body
  }

  #jump(kind: 'break' | 'continue', at: number): Statement {
    if (this.#loops === 0) this.tokens.fail(`${kind} outside of a loop`, at)
    return { kind, at }
  }

  #if(at: number): Statement {
    const branches: { test: Expression; body: readonly Statement[] }[] = []
    for (;;) {
      const test = this.list({ conditional: false })
      const { statements, end } = this.#until('elif', 'else', 'endif')
      branches.push({ test, body: statements })
      if (end === 'elif') continue
      const otherwise = end === 'else' ? this.#until('endif').statements : []
      return { kind: 'if', branches, otherwise, at }
    }
  }

  #for(at: number): Statement {
    const { tokens } = this
    this.#allLoops++
    const target = this.target()
    this.#sets(target)
    tokens.expectName('in')
    const iterable = this.list({ conditional: false })
    const test = tokens.skipName('if')
      ? { condition: this.expression(), scope: { statements: [], unset: [] } }
      : undefined
    const isRecursive = tokens.skipName('recursive')
    this.#loops++
    const { statements, end } = this.#until('endfor', 'else')
    this.#loops--
    const body = { statements, unset: [] }
    const otherwise = end === 'else' ? this.#scope('endfor') : undefined
    this.#allLoops--
    return { kind: 'for', target, iterable, test, isRecursive, body, otherwise, at }
  }

  #set(at: number): Statement {
    const target = this.target({ namespace: true })
    if (this.tokens.skip('=')) {
      const value = this.list()
      this.#sets(target)
      return { kind: 'set', target, value, at }
    }
    const filters = this.filterSteps()
    this.#sets(target)
    return { kind: 'capture', target, filters, body: this.#scope('endset'), at }
  }

  #with(at: number): Statement {
    const { tokens } = this
    const bindings: { target: Target; value: Expression }[] = []
    while (!tokens.is('%}')) {
      if (bindings.length > 0) tokens.expect(',')
      const target = this.target()
      tokens.expect('=')
      bindings.push({ target, value: this.expression() })
    }
    return { kind: 'with', bindings, body: this.#scope('endwith'), at }
  }

  #signature(): Parameter[] {
    const { tokens } = this
    const parameters: Parameter[] = []
    const names = new Set<string>()
    tokens.expect('(')
    while (!tokens.is(')')) {
      if (parameters.length > 0) tokens.expect(',')
      const { text: name, at } = tokens.name()
      if (names.has(name)) tokens.fail(`duplicate parameter ${describeValue(name)}`, at)
      names.add(name)
      const value = tokens.skip('=') ? this.expression() : undefined
      if (value === undefined && parameters.at(-1)?.default !== undefined) {
        tokens.fail('a parameter without a default follows one with a default', at)
      }
      parameters.push({ name, default: value })
    }
    tokens.expect(')')
    return parameters
  }

  #macroBody(name: string | undefined, parameters: readonly Parameter[], end: string, at: number): Macro {
    const special = { reads: new Set<string>(), sets: new Set<string>() }
    this.#macros.push(special)
    const body = this.#outsideLoops(end)
    this.#macros.pop()
    const takes = (variable: string) =>
      special.reads.has(variable) && parameters.every((parameter) => parameter.name !== variable)
    const caller = parameters.find((parameter) => parameter.name === 'caller')
    if (special.reads.has('caller') && caller !== undefined && caller.default === undefined) {
      this.tokens.fail('the parameter "caller" needs a default', at)
    }
    return {
      name,
      parameters,
      body,
      takesCaller: takes('caller'),
      takesNamed: takes('kwargs'),
      takesPositional: takes('varargs'),
      at,
    }
  }

  #macro(at: number): Statement {
    const { text: name } = this.tokens.name()
    return { kind: 'macro', name, macro: this.#macroBody(name, this.#signature(), 'endmacro', at), at }
  }

  #call(at: number): Statement {
    const parameters = this.tokens.is('(') ? this.#signature() : []
    const call = this.expression()
    if (call.kind !== 'call') this.tokens.fail('the tag "call" needs a call of a macro', at)
    return { kind: 'call-block', call, caller: this.#macroBody(undefined, parameters, 'endcall', at), at }
  }

  #filter(at: number): Statement {
    const filters: FilterStep[] = [this.filterStep(), ...this.filterSteps()]
    return { kind: 'filter-block', filters, body: this.#scope('endfilter'), at }
  }

  #block(at: number): Statement {
    const { tokens } = this
    const { text: name, at: nameAt } = tokens.name()
    if (this.#blocks.has(name)) tokens.fail(`duplicate block ${describeValue(name)}`, nameAt)
    this.#blocks.add(name)
    const isScoped = tokens.skipName('scoped')
    const isRequired = tokens.skipName('required')
    const body = this.#outsideLoops('endblock')
    tokens.skipName(name)
    return { kind: 'block', name, isScoped, isRequired, body, at }
  }

  #print(): Statement[] {
    const { tokens } = this
    const outputs: Statement[] = []
    while (!tokens.is('%}')) {
      if (outputs.length > 0) tokens.expect(',')
      const { at } = tokens.current
      outputs.push({ kind: 'output', value: this.expression(), at })
    }
    return outputs
  }

  #autoescape(at: number): Statement {
    const isOn = this.expression()
    return { kind: 'autoescape', isOn, body: this.#scope('endautoescape'), at }
  }
}
