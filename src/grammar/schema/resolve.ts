import { DasllamaError } from '../../errors.js'
import { MAX_DEPTH } from '../limits.js'
import { excludes } from './exclude.js'
import { invalidSchema, tooLarge, unsupported, within } from './failures.js'
import {
  commonTypes,
  commonValues,
  type Flat,
  isObject,
  type Placed,
  type Schema,
  unlimited,
} from './flat.js'
import { ANNOTATIONS } from './keywords.js'
import { negated } from './negate.js'
import type { Notices } from './notices.js'
import { type Keyword, readFlat, readNames, readSchema, readSchemas } from './read.js'
import { References } from './references.js'
import type { Strings } from './strings.js'

/** Ways that allOf and anyOf together make of one schema at most, and branches of one of them. */
const MAX_ALTERNATIVES = 1000
/** Pairs of schemas that one demand merges, and that are merged or compared in all. */
const MAX_MERGES = 20 * MAX_ALTERNATIVES
/** Pairs of branches of a oneOf that are kept from being valid together. */
const MAX_CLASHES = 50
const MAX_PAIRS = 1000 * MAX_ALTERNATIVES

/**
 * What a document's references and combinations come to: a schema becomes the list of flat schemas of which one must
 * hold. Schemas that must hold together are themselves schemas here, `{ allOf }`, of which equal ones are one object: so
 * recursion through them comes round.
 */
export class Resolver {
  readonly #references: References
  readonly #strings: Strings
  readonly #notices: Notices
  readonly #numbers = new Map<Schema, number>()
  readonly #together = new Map<string, Placed>()
  /** What such a schema was put together from. */
  readonly #parts = new Map<Schema, readonly Placed[]>()
  readonly #known = new Map<Schema, readonly Flat[]>()
  /** Each schema's opposite. */
  readonly #opposites = new Map<Schema, Placed>()
  #pairs = 0

  constructor(document: Schema, strings: Strings, notices: Notices) {
    this.#references = new References(document)
    this.#strings = strings
    this.#notices = notices
  }

  /** The schema that a chain of references leads to. */
  target(placed: Placed): Placed {
    let at = placed
    for (let steps = 0; isReference(at.schema); steps++) {
      if (steps > MAX_DEPTH)
        throw invalidSchema(
          placed.pointer,
          'its references lead to each other and to nothing else',
          'one of them must lead to a schema with other keywords',
        )
      at = this.#references.resolve(at.schema.$ref, at.schema, within(at.pointer, '$ref'))
    }
    return at
  }

  /** The flat schemas of which one must hold; none where nothing is valid. */
  alternatives(placed: Placed, depth = 0): readonly Flat[] {
    if (depth > MAX_DEPTH) throw tooDeep(placed.pointer)
    const { schema, pointer } = this.target(placed)
    if (schema === true) return [unlimited(pointer)]
    if (schema === false) return []
    let found = this.#known.get(schema)
    if (!found) {
      found = this.#combine(schema, pointer, depth)
      this.#known.set(schema, found)
    }
    return found
  }

  /** Accounts for pairs of schemas that are merged or compared. Throws `LIMIT`. */
  spend(pairs: number, pointer: string): void {
    this.#pairs += pairs
    if (this.#pairs > MAX_PAIRS) {
      throw tooLarge(pointer, `its combinations come to more than ${MAX_PAIRS} pairs of schemas`)
    }
  }

  /** A schema that holds where both do. */
  both(a: Placed, b: Placed): Placed {
    const parts = new Map<number, Placed>()
    for (const part of [a, b].flatMap((each) => this.#partsOf(this.target(each)))) {
      if (part.schema === false) return part
      if (part.schema !== true) parts.set(this.#numberOf(part.schema), part)
    }
    if (parts.size === 0) return a
    if (parts.size === 1) return [...parts.values()][0]
    const key = [...parts.keys()].sort((x, y) => x - y).join()
    let whole = this.#together.get(key)
    if (!whole) {
      const all = [...parts.values()]
      whole = { schema: { allOf: all.map(({ schema }) => schema) }, pointer: a.pointer }
      this.#together.set(key, whole)
      this.#parts.set(whole.schema, all)
    }
    return whole
  }

  #partsOf(placed: Placed): readonly Placed[] {
    return this.#parts.get(placed.schema) ?? [placed]
  }

  #numberOf(schema: Schema): number {
    let number = this.#numbers.get(schema)
    if (number === undefined) {
      number = this.#numbers.size
      this.#numbers.set(schema, number)
    }
    return number
  }

  /** The schema that holds where another one does not. */
  readonly not = (placed: Placed): Placed => {
    const { schema, pointer } = placed
    if (typeof schema === 'boolean') return { schema: !schema, pointer }
    let opposite = this.#opposites.get(schema)
    if (!opposite) {
      opposite = { schema: { not: schema }, pointer }
      this.#opposites.set(schema, opposite)
    }
    return opposite
  }

  /** What is said of a member, by all that speak of its name; `undefined` where nothing is. */
  member(flat: Flat, name: string): Placed | undefined {
    const listed = flat.properties.get(name)
    if (listed) return listed
    const said = flat.scopes.flatMap((scope) => {
      const matching = scope.patterns.filter(({ pattern }) => this.#strings.matches(pattern, name))
      return matching.length > 0 ? matching.map(({ placed }) => placed) : (scope.additional ?? [])
    })
    return this.all(said) ?? flat.unevaluatedProperties
  }

  /** A schema that holds where all do; `undefined` for none. */
  all(schemas: readonly Placed[]): Placed | undefined {
    return schemas.length === 0 ? undefined : schemas.reduce((a, b) => this.both(a, b))
  }

  #combine(schema: Exclude<Schema, boolean>, pointer: string, depth: number): readonly Flat[] {
    let all: readonly Flat[] = [this.#own(schema, pointer)]
    const demand = (options: readonly Flat[]) => {
      all = this.#demand(all, options, pointer)
    }
    const keyword = (name: string): Keyword => ({
      value: schema[name],
      pointer: within(pointer, name),
      beside: schema,
    })
    const inner = (placed: Placed) => this.alternatives(placed, depth + 1)
    for (const name of ['$ref', '$dynamicRef', '$recursiveRef']) {
      if (!Object.hasOwn(schema, name)) continue
      if (name !== '$ref') {
        this.#notices.add(keyword(name).pointer, 'leads where $ref would: nothing is looked up at run time')
      }
      demand(inner(this.#references.resolve(schema[name], schema, keyword(name).pointer)))
    }
    for (const name of ['allOf', 'anyOf', 'oneOf']) {
      if (!Object.hasOwn(schema, name)) continue
      const branches = this.#parts.get(schema) ?? readSchemas(keyword(name))
      if (branches.length > MAX_ALTERNATIVES) throw tooMany(pointer)
      if (name === 'allOf') for (const branch of branches) demand(inner(branch))
      else if (name === 'anyOf') demand(branches.flatMap(inner))
      else demand(this.#exactlyOne(branches, keyword(name).pointer, depth))
    }
    if (Object.hasOwn(schema, 'not')) demand(this.#negation(readSchema(keyword('not')), depth + 1))
    if (Object.hasOwn(schema, 'if')) demand(this.#conditional(keyword, depth))
    for (const options of this.#dependencies(schema, keyword, inner)) demand(options)
    return all
  }

  /** A schema's own keywords. */
  #own(schema: Exclude<Schema, boolean>, pointer: string): Flat {
    const flat = readFlat(schema, pointer, this.#notices)
    const [scope] = flat.scopes
    if (!scope || scope.patterns.length === 0) return flat
    const properties = Array.from(flat.properties, ([name, placed]): [string, Placed] => {
      const matching = scope.patterns.filter(({ pattern }) => this.#strings.matches(pattern, name))
      return [name, matching.reduce((all, each) => this.both(all, each.placed), placed)]
    })
    return { ...flat, properties: new Map(properties) }
  }

  /** What is valid for one of both lists. */
  #demand(all: readonly Flat[], options: readonly Flat[], pointer: string): readonly Flat[] {
    if (all.length * options.length > MAX_MERGES) throw tooMany(pointer)
    this.spend(all.length * options.length, pointer)
    const pairs = all.flatMap((one) => options.map((other) => this.#merge(one, other)))
    const merged = pairs.filter((flat) => flat !== undefined)
    if (merged.length > MAX_ALTERNATIVES) throw tooMany(pointer)
    return merged
  }

  /** The flat schemas of which one holds where a schema does not. */
  #negation(placed: Placed, depth: number): readonly Flat[] {
    if (depth > MAX_DEPTH) throw tooDeep(placed.pointer)
    const { schema, pointer } = this.target(placed)
    if (typeof schema === 'boolean') return schema ? [] : [unlimited(pointer)]
    const opposites = negated(this.#own(schema, pointer), this.not)
    const options = [...opposites.options]
    const leftOut = [...opposites.leftOut]
    const keyword = (name: string) => ({
      value: schema[name],
      pointer: within(pointer, name),
      beside: schema,
    })
    const opposite = (each: Placed) => this.#negation(each, depth + 1)
    const noneOf = (branches: readonly Placed[]) =>
      branches.reduce<readonly Flat[]>(
        (all, branch) => this.#demand(all, opposite(branch), pointer),
        [unlimited(pointer)],
      )
    const branchesOf = (name: string) =>
      Object.hasOwn(schema, name) ? (this.#parts.get(schema) ?? readSchemas(keyword(name))) : undefined
    if (Object.hasOwn(schema, '$ref')) {
      options.push(...opposite(this.#references.resolve(schema.$ref, schema, within(pointer, '$ref'))))
    }
    for (const branch of branchesOf('allOf') ?? []) options.push(...opposite(branch))
    const any = branchesOf('anyOf')
    if (any) options.push(...noneOf(any))
    const one = branchesOf('oneOf')
    if (one) {
      options.push(...noneOf(one))
      for (const [i, a] of one.entries()) {
        for (const b of one.slice(0, i)) options.push(...this.alternatives(this.both(a, b), depth + 1))
      }
    }
    if (Object.hasOwn(schema, 'not'))
      options.push(...this.alternatives(readSchema(keyword('not')), depth + 1))
    for (const name of ['if', 'dependencies', 'dependentRequired', 'dependentSchemas', '$dynamicRef']) {
      if (Object.hasOwn(schema, name)) leftOut.push(name)
    }
    if (options.length > MAX_ALTERNATIVES) throw tooMany(pointer)
    if (options.length === 0 && leftOut.length > 0) {
      throw unsupported(
        within(pointer, leftOut[0]),
        `the opposite of "${leftOut[0]}" is not supported`,
        'say what is allowed instead of what is not',
      )
    }
    return options
  }

  /**
   * Exactly one branch. Where two may be valid together, each is limited to where the others are not; where nothing
   * simple is left of one so, it stays as it is, with a notice.
   */
  #exactlyOne(branches: readonly Placed[], pointer: string, depth: number): readonly Flat[] {
    const options = branches.map((branch) => this.alternatives(branch, depth + 1))
    const overlaps = (i: number, j: number) =>
      !options[i].every((a) => options[j].every((b) => excludes(a, b, this)))
    const clashes = branches.map((_, i) => branches.flatMap((_, j) => (j < i && overlaps(i, j) ? [j] : [])))
    if (clashes.every((list) => list.length === 0)) return options.flat()
    const pairs = clashes.reduce((sum, list) => sum + list.length, 0)
    const limited = branches.map((_, i) => {
      if (pairs > MAX_CLASHES) return undefined
      const others = branches.flatMap((_, j) => (clashes[i].includes(j) || clashes[j].includes(i) ? [j] : []))
      return this.#without(
        options[i],
        others.map((j) => branches[j]),
        pointer,
        depth,
      )
    })
    const left = limited.map((list) => list && list.length > 0)
    if (left.every((each) => each)) return limited.flatMap((list) => list ?? [])
    const isSubset = limited.every((list) => list !== undefined) && left.some((each) => each)
    if (isSubset && limited.every((list, i) => list!.length > 0 || this.#isCovered(options[i], options, i))) {
      return limited.flatMap((list) => list ?? [])
    }
    this.#notices.add(pointer, 'is read as anyOf: some of its branches may be valid together')
    return options.flat()
  }

  /** Whether each of these is of types that another branch has without any more conditions. */
  #isCovered(own: readonly Flat[], options: readonly (readonly Flat[])[], index: number): boolean {
    const isPlain = (flat: Flat) => flat.types !== undefined && flat.mentioned.size === 0 && !flat.values
    const others = options
      .filter((_, i) => i !== index)
      .flat()
      .filter(isPlain)
    return own.every((a) =>
      others.some((b) =>
        [...(a.types ?? a.mentioned)].every((type) => commonTypes(new Set([type]), b.types)?.has(type)),
      ),
    )
  }

  /** What of these is valid for none of the others, without members that nobody described. */
  #without(
    own: readonly Flat[],
    others: readonly Placed[],
    pointer: string,
    depth: number,
  ): readonly Flat[] | undefined {
    try {
      return others.reduce<readonly Flat[]>((left, other) => {
        const opposite = this.#negation(other, depth + 1)
        return left.flatMap((flat) =>
          this.#demand([flat], opposite, pointer).filter(({ required }) =>
            [...required].every((name) => flat.required.has(name) || flat.properties.has(name)),
          ),
        )
      }, own)
    } catch (error) {
      if (error instanceof DasllamaError && error.code !== 'INVALID_ARGUMENT') return undefined
      throw error
    }
  }

  /** `if` with `then`, or not `if` with `else`. */
  #conditional(keyword: (name: string) => Keyword, depth: number): readonly Flat[] {
    const condition = readSchema(keyword('if'))
    const { beside, pointer } = keyword('if')
    const branch = (name: string): readonly Flat[] =>
      Object.hasOwn(beside, name)
        ? this.alternatives(readSchema(keyword(name)), depth + 1)
        : [unlimited(pointer)]
    const met = this.#demand(this.alternatives(condition, depth + 1), branch('then'), pointer)
    try {
      return [...met, ...this.#demand(this.#negation(condition, depth + 1), branch('else'), pointer)]
    } catch (error) {
      if (!(error instanceof DasllamaError) || error.code === 'INVALID_ARGUMENT') throw error
      // What is valid by both is valid whatever the condition says.
      return [...met, ...this.#demand(branch('then'), branch('else'), pointer)]
    }
  }

  /** For each name that something depends on: the name is missing, or it holds. */
  *#dependencies(
    schema: Exclude<Schema, boolean>,
    keyword: (name: string) => Keyword,
    inner: (placed: Placed) => readonly Flat[],
  ): Iterable<readonly Flat[]> {
    for (const kind of ['dependencies', 'dependentRequired', 'dependentSchemas']) {
      if (!Object.hasOwn(schema, kind)) continue
      const { value, pointer } = keyword(kind)
      if (!isObject(value)) throw invalidSchema(pointer, 'it must be an object')
      const flat = (parts: Partial<Flat>): Flat => ({
        ...unlimited(pointer),
        mentioned: new Set(['object']),
        ...parts,
      })
      for (const [name, given] of Object.entries(value)) {
        const place = within(pointer, name)
        const missing = flat({ properties: new Map([[name, { schema: false, pointer: place }]]) })
        const names = typeof given === 'string' ? [given] : given
        if (Array.isArray(names)) {
          yield [missing, flat({ required: new Set([name, ...readNames({ value: names, pointer: place })]) })]
        } else {
          const there = flat({ required: new Set([name]) })
          yield [
            missing,
            ...this.#demand([there], inner(readSchema({ value: given, pointer: place })), place),
          ]
        }
      }
    }
  }

  /** What is valid for both; `undefined` where nothing is. */
  #merge(a: Flat, b: Flat): Flat | undefined {
    const types = commonTypes(a.types, b.types)
    const values = commonValues(a.values, b.values)
    if (types?.size === 0 || values?.size === 0) return undefined
    return {
      pointer: a.pointer,
      types,
      values,
      excluded: new Map([...a.excluded, ...b.excluded]),
      minLength: Math.max(a.minLength, b.minLength),
      maxLength: Math.min(a.maxLength, b.maxLength),
      patterns: [
        ...a.patterns,
        ...b.patterns.filter(({ text, negated }) =>
          a.patterns.every((other) => other.text !== text || other.negated !== negated),
        ),
      ],
      lows: [...a.lows, ...b.lows],
      highs: [...a.highs, ...b.highs],
      multiples: [...new Set([...a.multiples, ...b.multiples])],
      notMultiples: [...new Set([...a.notMultiples, ...b.notMultiples])],
      minItems: Math.max(a.minItems, b.minItems),
      maxItems: Math.min(a.maxItems, b.maxItems),
      prefixItems: this.#mergePrefixes(a, b),
      items: this.#either(a.items, b.items),
      contains: [...a.contains, ...b.contains],
      unique: a.unique ?? b.unique,
      properties: this.#mergeProperties(a, b),
      scopes: [...a.scopes, ...b.scopes],
      propertyNames: [...a.propertyNames, ...b.propertyNames],
      required: new Set([...a.required, ...b.required]),
      minProperties: Math.max(a.minProperties, b.minProperties),
      maxProperties: Math.min(a.maxProperties, b.maxProperties),
      unevaluatedProperties: this.#either(a.unevaluatedProperties, b.unevaluatedProperties),
      unevaluatedItems: this.#either(a.unevaluatedItems, b.unevaluatedItems),
      mentioned: new Set([...a.mentioned, ...b.mentioned]),
    }
  }

  #either(a: Placed | undefined, b: Placed | undefined): Placed | undefined {
    return a && b ? this.both(a, b) : (a ?? b)
  }

  #mergePrefixes(a: Flat, b: Flat): readonly Placed[] {
    const length = Math.max(a.prefixItems.length, b.prefixItems.length)
    return Array.from({ length }, (_, i) => {
      const [one, other] = [a, b].map(({ prefixItems, items }) => prefixItems[i] ?? items)
      return this.#either(one, other) ?? { schema: true, pointer: a.pointer }
    })
  }

  #mergeProperties(a: Flat, b: Flat): ReadonlyMap<string, Placed> {
    const merged = new Map<string, Placed>()
    for (const name of [...a.properties.keys(), ...b.properties.keys()]) {
      if (merged.has(name)) continue
      merged.set(name, this.#either(this.#said(a, name), this.#said(b, name))!)
    }
    return merged
  }

  /** What a schema says of a name by its own keywords; `unevaluatedProperties` waits for all of them. */
  #said(flat: Flat, name: string): Placed | undefined {
    return this.member({ ...flat, unevaluatedProperties: undefined }, name)
  }
}

function tooMany(pointer: string): DasllamaError {
  return tooLarge(pointer, `its combinations come to more than ${MAX_ALTERNATIVES} schemas`)
}

function tooDeep(pointer: string): DasllamaError {
  return invalidSchema(
    pointer,
    `combinations lead more than ${MAX_DEPTH} times to each other`,
    'a schema may not be part of its own anyOf, oneOf, allOf or not',
  )
}

/** Whether a schema says nothing but where another one is. */
function isReference(schema: Schema): schema is { readonly $ref: unknown } {
  if (typeof schema === 'boolean' || !Object.hasOwn(schema, '$ref')) return false
  return Object.keys(schema).every((name) => name === '$ref' || ANNOTATIONS.has(name))
}
