import { DasllamaError } from '../../errors.js'
import { pruned } from '../checks.js'
import { choice, EMPTY, type Grammar, isNever, NEVER, type Node, repeat, rule, text } from '../grammar.js'
import { MAX_JSON_DEPTH, MAX_RULES, MAX_SOURCE_LENGTH } from '../limits.js'
import { arrayNode } from './arrays.js'
import { invalidSchema, tooLarge, unsupported } from './failures.js'
import { commonTypes, type Flat, type Placed, type Schema, TYPES, type Type, typeOf } from './flat.js'
import {
  ANY_INTEGER,
  ANY_NUMBER,
  ANY_OBJECT,
  ANY_STRING,
  ANY_VALUE,
  JSON_RULES,
  quoted,
  STRING_CHARACTER,
} from './json-text.js'
import { boundedNumber } from './numbers.js'
import { objectNode } from './objects.js'
import { parsePattern, withLength } from './pattern.js'
import { readSchema } from './read.js'
import { Resolver } from './resolve.js'

/** What `json_object` allows: any JSON object. */
export const JSON_OBJECT: Grammar = { rules: JSON_RULES, root: 'object' }

/**
 * The grammar of the JSON texts that are valid by a schema (2020-12), or of a part of them: object members come in the
 * order of `properties`, space is limited, and what the schema does not speak of is not written.
 *
 * Throws `INVALID_ARGUMENT` for what is no schema, for references to nothing and for schemas that nothing is valid by,
 * `UNSUPPORTED` for keywords and combinations that this cannot express, `LIMIT` for what is too large. The messages
 * have the JSON pointer.
 */
export function schemaGrammar(schema: unknown): Grammar {
  const document = plain(schema)
  return new Converter(readSchema({ value: document, pointer: '#' }).schema).convert()
}

/** A copy as JSON has it: no prototypes, no getters, no cycles. */
function plain(schema: unknown): unknown {
  let json: string | undefined
  try {
    json = JSON.stringify(schema)
  } catch (cause) {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `the JSON Schema is no JSON: ${(cause as Error).message.split('\n')[0]}`,
      {
        hint: 'it must be plain data; where it recurses it says so by $ref',
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

/** What the parts of a conversion need of it. */
export interface Rules {
  /** The values that are valid by a schema. */
  valueOf(placed: Placed): Node
  /** A rule of its own for a node. `pointer` is where it comes from. */
  define(pointer: string, node: Node): Node
}

class Converter implements Rules {
  readonly #document: Schema
  readonly #resolver: Resolver
  readonly #rules = new Map(JSON_RULES)
  readonly #ruleOf = new Map<Schema, Node>()
  /** Schemas that have a rule, whose right side is still to be made. */
  readonly #waiting: { readonly name: string; readonly placed: Placed }[] = []
  /** Places where nothing is valid, and why. */
  readonly #dead: string[] = []

  constructor(document: Schema) {
    this.#document = document
    this.#resolver = new Resolver(document)
  }

  convert(): Grammar {
    const root = this.define('#', this.valueOf({ schema: this.#document, pointer: '#' })) as Node & {
      kind: 'rule'
    }
    for (let next = this.#waiting.pop(); next; next = this.#waiting.pop()) {
      const options = this.#resolver.alternatives(next.placed).map((flat) => this.#flatNode(flat))
      if (options.length === 0) this.#dead.push(`${next.placed.pointer} allows nothing`)
      this.#rules.set(next.name, choice(options))
    }
    const grammar = { rules: this.#rules, root: root.name }
    if (pruned(grammar)) return grammar
    const [reason] = this.#dead
    if (reason !== undefined) {
      throw invalidSchema('#', `nothing is valid by it: ${reason}`, 'loosen what stands there')
    }
    throw invalidSchema(
      '#',
      'nothing is valid by it: every value would have to contain another one',
      'let the recursion end: by a member that is not required, an empty array or another branch of anyOf',
    )
  }

  valueOf(placed: Placed): Node {
    const { schema, pointer } = this.#resolver.target(placed)
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

  /** A rule that all share under a name. */
  readonly #share = (name: string, make: () => Node): Node => {
    if (!this.#rules.has(name)) this.#rules.set(name, make())
    return rule(name)
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
        return text('null')
      case 'boolean':
        return choice([text('true'), text('false')])
      case 'string':
        return this.#stringNode(flat)
      case 'number':
      case 'integer':
        return this.#numberNode(flat, type === 'integer')
      case 'array':
        return this.#living(arrayNode(flat, this), flat, 'minItems is more than maxItems')
      case 'object':
        return flat.mentioned.has('object') ? objectNode(flat, this) : ANY_OBJECT
    }
  }

  #stringNode({ pointer, minLength, maxLength, patterns }: Flat): Node {
    if (minLength > maxLength) return this.#nothing(`minLength is more than maxLength at ${pointer}`)
    const [first, second] = patterns
    if (second)
      throw unsupported(second.pointer, 'more than one pattern or format for a text is not supported')
    if (!first) {
      if (minLength === 0 && maxLength === Number.POSITIVE_INFINITY) return ANY_STRING
      return quoted(repeat(STRING_CHARACTER, minLength, maxLength))
    }
    const pattern = parsePattern(first.text, first.pointer)
    const fitting = withLength(pattern, minLength, maxLength)
    if (!fitting) {
      throw unsupported(
        first.pointer,
        'minLength and maxLength beside this are not supported',
        'put the lengths into the pattern',
      )
    }
    return this.#living(quoted(fitting.node), { pointer }, 'no text matches')
  }

  #numberNode({ pointer, lows, highs }: Flat, whole: boolean): Node {
    if (lows.length === 0 && highs.length === 0) return whole ? ANY_INTEGER : ANY_NUMBER
    const node = boundedNumber(lows, highs, whole, this.#share)
    return this.#living(
      node,
      { pointer },
      `no ${whole ? 'whole number' : 'number of 15 digits'} is within its limits`,
    )
  }

  /** The values of enum or const that the other keywords allow, in their shortest form. */
  #valuesNode(flat: Flat, values: ReadonlyMap<string, unknown>): Node {
    const { pointer, lows, highs, minLength, maxLength, patterns } = flat
    if (patterns.length > 0)
      throw unsupported(patterns[0].pointer, 'a pattern or format beside enum or const is not supported')
    const fits = (value: unknown): boolean => {
      const types = new Set([typeOf(value)])
      if (commonTypes(flat.types ?? new Set(TYPES), types)?.size === 0) return false
      if (typeof value === 'number') {
        return (
          lows.every(({ value: low, exclusive }) => (exclusive ? value > low : value >= low)) &&
          highs.every(({ value: high, exclusive }) => (exclusive ? value < high : value <= high))
        )
      }
      if (typeof value === 'string') {
        const { length } = Array.from(value)
        return length >= minLength && length <= maxLength
      }
      const kind = typeOf(value)
      if ((kind === 'object' || kind === 'array') && flat.mentioned.has(kind)) {
        throw unsupported(pointer, `keywords for an ${kind} beside one in enum or const are not supported`)
      }
      return true
    }
    const node = choice([...values.values()].filter(fits).map((value) => text(JSON.stringify(value))))
    return this.#living(node, flat, 'no value of enum or const is allowed by the rest')
  }

  /** Notes it where a node can never match. */
  #living(node: Node, { pointer }: { readonly pointer: string }, reason: string): Node {
    return isNever(node) ? this.#nothing(`${reason} at ${pointer}`) : node
  }

  #nothing(reason: string): Node {
    this.#dead.push(reason)
    return NEVER
  }
}
