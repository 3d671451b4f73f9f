import { describeValue } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import { BoundedCache } from '../bounded-cache.js'
import { choice, EMPTY, type Grammar, isNever, NEVER, type Node, rule, set, text } from '../grammar.js'
import { MAX_JSON_DEPTH, MAX_RULES, MAX_SOURCE_LENGTH } from '../limits.js'
import { pruned } from '../rule-analysis.js'
import { invalidSchema, shortened, tooLarge } from './failures.js'
import { type Flat, type Placed, type Schema, type Type, typeOf, unlimited } from './flat.js'
import { ANY_OBJECT, ANY_VALUE, automatonNode, JSON_RULES } from './json-text.js'
import { Notices, type SchemaNotice } from './notices.js'
import { readSchema } from './read/read.js'
import { Resolver } from './resolve/resolve.js'
import type { Rules } from './rules.js'
import { arrayNode } from './types/arrays.js'
import { type NumberContext, numberNode, numberOfKind } from './types/number-node.js'
import type { NumberType } from './types/numbers.js'
import { objectNode } from './types/objects.js'
import { Strings } from './types/strings.js'
import { fits } from './values.js'

/** The grammar of `json_object`: any JSON object. */
export const JSON_OBJECT: Grammar = { rules: JSON_RULES, root: 'object' }

/**
 * Converts a JSON Schema (2020-12) to a grammar of valid JSON texts, not necessarily all: object members come in the order
 * of `properties`, whitespace is limited, and undescribed members are not generated.
 *
 * Throws `INVALID_ARGUMENT` for invalid or unsatisfiable schemas and dangling references, `UNSUPPORTED` for keywords and
 * combinations that it cannot express, `LIMIT` for schemas that are too large. The messages contain the JSON pointer.
 */
export function schemaGrammar(schema: unknown): Grammar {
  return convertSchema(schema).grammar
}

/** The same, with notices of what the grammar does not enforce. */
export function convertSchema(schema: unknown): {
  readonly grammar: Grammar
  readonly notices: readonly SchemaNotice[]
} {
  const document = plain(schema)
  const converter = new Converter(readSchema({ value: document, pointer: '#' }).schema)
  const grammar = converter.convert()
  return { grammar, notices: converter.notices }
}

/** A copy as plain JSON: no prototypes, getters or cycles. */
function plain(schema: unknown): unknown {
  let json: string | undefined
  try {
    json = JSON.stringify(schema)
  } catch (cause) {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `the JSON Schema is not JSON: ${(cause as Error).message.split('\n')[0]}`,
      {
        hint: 'it must be plain data; use $ref for recursion',
        cause,
      },
    )
  }
  if (json === undefined)
    throw invalidSchema('#', `a schema is an object, true or false, not ${typeof schema}`)
  if (json.length > MAX_SOURCE_LENGTH)
    throw tooLarge('#', `it has ${json.length} characters; the limit is ${MAX_SOURCE_LENGTH}`)
  const copy: unknown = JSON.parse(json)
  let level = [copy]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_JSON_DEPTH) throw tooLarge('#', `it is nested more than ${MAX_JSON_DEPTH} deep`)
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? Object.values(value) : [],
    )
  }
  return copy
}

/** Nodes of any text but some, which many tools need. */
const anyTexts = /* @__PURE__ */ new BoundedCache<Node, string>(16)

/** Repetitions from which a string counts as large. */
const MANY = 100

/** A member of an object, in a notation that is not JSON. */
export interface ArgumentNode {
  readonly name: string
  readonly isRequired: boolean
  /** Its value as JSON. */
  readonly json: Node
  /** Its value as text without quotes and escapes; `undefined` if it may be something else than a string. */
  readonly text: Node | undefined
  /** Any text, which is a valid value whether it is read as a string or as another scalar; `undefined` unless it may be both. */
  readonly scalar: Node | undefined
}

/** The arguments that are valid by a tool's schema. */
export interface ArgumentsGrammar {
  readonly rules: ReadonlyMap<string, Node>
  /** All of them as a JSON object. */
  readonly json: Node
  /** One by one, in order; `undefined` if the schema says more about them than what each one is. */
  readonly members: readonly ArgumentNode[] | undefined
}

/**
 * Converts the schema of an object for notations that write its members one by one. `excluded`: regular expressions that texts
 * without quotes must not match. Throws what `schemaGrammar` throws.
 */
export function argumentsGrammar(schema: unknown, excluded: readonly string[]): ArgumentsGrammar {
  return new Converter(readSchema({ value: plain(schema), pointer: '#' }).schema).convertArguments(excluded)
}

class Converter implements Rules {
  readonly #document: Schema
  readonly #notices = new Notices()
  readonly strings = new Strings(this.#notices)
  readonly resolver: Resolver
  readonly #rules = new Map(JSON_RULES)
  readonly #ruleOf = new Map<Schema, Node>()
  /** Schemas whose rule has been declared but not yet built. */
  readonly #waiting: { readonly name: string; readonly placed: Placed }[] = []
  /** Unsatisfiable locations, with reasons. */
  readonly #dead: string[] = []
  readonly #made = new Map<string, Schema>()
  /** Large strings, which have a shared rule. */
  readonly #ruleOfString = new Map<Node, Node>()

  constructor(document: Schema) {
    this.#document = document
    this.resolver = new Resolver(document, this.strings, this.#notices)
  }

  get notices(): readonly SchemaNotice[] {
    return this.#notices.all
  }

  convert(): Grammar {
    const root = this.#root()
    const grammar = { rules: this.#rules, root: root.name }
    this.#build(grammar)
    return grammar
  }

  convertArguments(excluded: readonly string[]): ArgumentsGrammar {
    const root = this.#root()
    const members = this.#members(excluded)
    const grammar = { rules: this.#rules, root: root.name }
    this.#build(grammar)
    return { rules: grammar.rules, json: root, members }
  }

  #root(): Node & { kind: 'rule' } {
    return this.define('#', this.valueOf({ schema: this.#document, pointer: '#' })) as Node & { kind: 'rule' }
  }

  /** Builds all declared rules. Throws if no text is valid. */
  #build(grammar: Grammar): void {
    for (let next = this.#waiting.pop(); next; next = this.#waiting.pop()) {
      const options = this.resolver.alternatives(next.placed).map((flat) => this.#flatNode(flat))
      if (options.length === 0) this.#dead.push(`${next.placed.pointer} allows nothing`)
      this.#rules.set(next.name, choice(options))
    }
    if (pruned(grammar)) return
    const [reason] = this.#dead
    if (reason !== undefined) {
      throw invalidSchema('#', `nothing is valid by it: ${shortened(reason)}`, 'loosen what stands there')
    }
    throw invalidSchema(
      '#',
      'nothing is valid by it: every value would have to contain another one',
      'let the recursion end: by a member that is not required, an empty array or another branch of anyOf',
    )
  }

  #members(excluded: readonly string[]): readonly ArgumentNode[] | undefined {
    const [flat, ...others] = this.resolver.alternatives({ schema: this.#document, pointer: '#' })
    if (!flat || others.length > 0 || flat.values || flat.excluded.size > 0) return undefined
    const { properties, required, propertyNames, minProperties, maxProperties } = flat
    const names = [...new Set([...properties.keys(), ...required])]
    const isCounted = minProperties > required.size || maxProperties < names.length
    const isOpen = names.length === 0 && flat.scopes.some(({ additional }) => additional)
    if (isCounted || isOpen || propertyNames.length > 0) return undefined
    return names.map((name) => {
      const placed = this.resolver.member(flat, name) ?? { schema: true, pointer: flat.pointer }
      const text = this.#textOf(placed, excluded)
      const scalar = text ? undefined : this.#scalarOf(placed, excluded)
      return { name, isRequired: required.has(name), json: this.valueOf(placed), text, scalar }
    })
  }

  /** A string without quotes. */
  #textOf(placed: Placed, excluded: readonly string[]): Node | undefined {
    const flats = this.resolver.alternatives(placed)
    const without = negated(excluded, placed.pointer)
    const isText = ({ types, values }: Flat) =>
      values
        ? [...values.values()].every((value) => typeof value === 'string')
        : types?.size === 1 && types.has('string')
    if (!flats.every(isText)) return undefined
    const nodes = flats.map((flat) => {
      const limits = { ...flat, patterns: [...flat.patterns, ...without] }
      if (!flat.values)
        return isFreeScalar(flat) ? this.#anyText(excluded) : automatonNode(this.strings.dfa(limits), set)
      return choice(
        [...flat.values.values()]
          .filter((value) => fits(value, limits, this))
          .map(String)
          .map(text),
      )
    })
    const all = choice(nodes)
    return isNever(all) ? undefined : this.define(placed.pointer, all)
  }

  #scalarOf(placed: Placed, excluded: readonly string[]): Node | undefined {
    const flats = this.resolver.alternatives(placed)
    if (!flats.every(isFreeScalar) || !flats.some(({ types }) => types?.has('string'))) return undefined
    return this.define(placed.pointer, this.#anyText(excluded))
  }

  /** Any text that matches none of these expressions. */
  #anyText(excluded: readonly string[]): Node {
    return anyTexts.get(excluded.join('\n'), () => {
      const limits = { ...unlimited('#'), patterns: negated(excluded, '#') }
      return automatonNode(this.strings.dfa(limits), set)
    })
  }

  valueOf(placed: Placed): Node {
    const { schema, pointer } = this.resolver.target(placed)
    if (schema === true) return ANY_VALUE
    if (schema === false) {
      this.#dead.push(`${placed.pointer} is false`)
      return NEVER
    }
    let node = this.#ruleOf.get(schema)
    if (!node) {
      node = this.define(pointer, EMPTY)
      this.#ruleOf.set(schema, node)
      this.#waiting.push({ name: (node as Node & { kind: 'rule' }).name, placed: { schema, pointer } })
    }
    return node
  }

  define(pointer: string, node: Node): Node {
    if (this.#rules.size >= MAX_RULES)
      throw tooLarge(pointer, `the schema needs more than ${MAX_RULES} rules`)
    let name = pointer
    for (let i = this.#rules.size; this.#rules.has(name); i++) name = `${pointer} ${i}`
    this.#rules.set(name, node)
    return rule(name)
  }

  redefine(node: Node, right: Node): void {
    if (node.kind === 'rule') this.#rules.set(node.name, right)
  }

  same(schema: Exclude<Schema, boolean>): Schema {
    const key = JSON.stringify(schema)
    const made = this.#made.get(key) ?? schema
    this.#made.set(key, made)
    return made
  }

  stringNode(flat: Flat): Node {
    const node = this.strings.node(flat)
    if (!isLarge(node)) return node
    const known = this.#ruleOfString.get(node) ?? this.define(flat.pointer, node)
    this.#ruleOfString.set(node, known)
    return known
  }

  numberOfKind(flat: Flat, type: NumberType, digit: number): Node {
    return numberOfKind(flat, type, digit, this.#numbers())
  }

  #numbers(): NumberContext {
    return { rules: this.#rules, share: this.#share, strings: this.strings }
  }

  /** A shared rule by name. */
  readonly #share = (name: string, make: () => Node): Node => {
    const known = this.#rules.get(name) ?? make()
    this.#rules.set(name, known)
    return isNever(known) ? NEVER : rule(name)
  }

  #flatNode(flat: Flat): Node {
    if (flat.values) return this.#valuesNode(flat, flat.values)
    const types = flat.types ?? (flat.mentioned.size > 0 ? flat.mentioned : undefined)
    if (!types) return ANY_VALUE
    return choice([...types].map((type) => this.#typeNode(type, flat)))
  }

  #typeNode(type: Type, flat: Flat): Node {
    switch (type) {
      case 'null':
      case 'boolean': {
        const values = type === 'null' ? [null] : [true, false]
        return choice(values.filter((value) => fits(value, flat, this)).map((value) => text(String(value))))
      }
      case 'string':
        return this.#living(this.stringNode(flat), flat, stringProblem(flat))
      case 'number':
      case 'integer': {
        const node = numberNode(flat, type, this.#numbers())
        const what = type === 'integer' ? 'whole number' : 'number of 15 digits'
        return this.#living(node, flat, `no ${what} is within its limits`)
      }
      case 'array':
        if (!this.#mayExclude(flat, 'array')) return NEVER
        return this.#living(arrayNode(flat, this), flat, arrayProblem(flat))
      case 'object':
        if (!this.#mayExclude(flat, 'object')) return NEVER
        return flat.mentioned.has('object') ? objectNode(flat, this) : ANY_OBJECT
    }
  }

  /** Whether no excluded value can be generated: the grammar cannot exclude single values. */
  #mayExclude(flat: Flat, type: Type): boolean {
    if (flat.excluded.size === 0) return true
    const others = { ...flat, excluded: new Map() }
    const values = [...flat.excluded.values()].filter((value) => typeOf(value) === type)
    const found = values.find((value) => fits(value, others, this))
    if (found === undefined) return true
    this.#dead.push(`an ${type} that is not ${describeValue(found)} cannot be told apart at ${flat.pointer}`)
    return false
  }

  /** The values of enum or const that the other keywords allow, in compact form. */
  #valuesNode(flat: Flat, values: ReadonlyMap<string, unknown>): Node {
    const fitting = [...values.values()].filter((value) => fits(value, flat, this))
    const node = choice(fitting.map((value) => text(JSON.stringify(value))))
    return this.#living(node, flat, 'no value of enum or const is allowed by the rest')
  }

  /** Records the reason if a node can never match. */
  #living(node: Node, { pointer }: { readonly pointer: string }, reason: string): Node {
    return isNever(node) ? this.#nothing(`${reason} at ${pointer}`) : node
  }

  #nothing(reason: string): Node {
    this.#dead.push(reason)
    return NEVER
  }
}

/** Expressions that no text may match. */
function negated(expressions: readonly string[], pointer: string): Flat['patterns'] {
  return expressions.map((text) => ({ text, pointer, negated: true, isFormat: false }))
}

/** Whether all values of its types are valid, and none is an object or an array. */
function isFreeScalar(flat: Flat): boolean {
  const { types, values, excluded, patterns, lows, highs, multiples, notMultiples } = flat
  const limits = [patterns, lows, highs, multiples, notMultiples]
  const isFree = flat.minLength === 0 && flat.maxLength === Number.POSITIVE_INFINITY
  const isScalar = types !== undefined && !types.has('object') && !types.has('array')
  return isScalar && isFree && !values && excluded.size === 0 && limits.every((each) => each.length === 0)
}

/** Whether a string has an automaton or a large repetition. */
function isLarge(node: Node): boolean {
  if (node.kind === 'automaton') return true
  if (node.kind === 'repeat') return node.min > MANY || (node.max > MANY && Number.isFinite(node.max))
  return node.kind === 'sequence' && node.parts.some(isLarge)
}

function stringProblem({ minLength, maxLength }: Flat): string {
  return minLength > maxLength ? 'minLength is more than maxLength' : 'no text matches'
}

function arrayProblem({ minItems, maxItems }: Flat): string {
  return minItems > maxItems ? 'minItems is more than maxItems' : 'no list of items is valid'
}
