import { DasllamaError } from '../../../errors.js'
import { MAX_DEPTH } from '../../limits.js'
import { invalidSchema, tooLarge, unsupported, within } from '../failures.js'
import { commonTypes, type Flat, type Placed, type Schema, unlimited } from '../flat.js'
import type { Notices } from '../notices.js'
import { ANNOTATIONS } from '../read/keywords.js'
import { type Keyword, readFlat, readSchema, readSchemas } from '../read/read.js'
import type { Strings } from '../types/strings.js'
import { dependencies } from './dependencies.js'
import { excludes } from './exclude.js'
import { merged } from './merge.js'
import { negated } from './negate.js'
import { References } from './references.js'
import { closed, UNEVALUATED } from './unevaluated.js'

/** Limit on the alternatives of one schema, and on branches of one combination. */
const MAX_ALTERNATIVES = 1000
/** Limit on pairs of alternatives in one conjunction. */
const MAX_MERGES = 20 * MAX_ALTERNATIVES
/** Limit on pairs merged to separate branches of oneOf. */
const MAX_LIMITS = 20_000
/** Limit on pairs of branches of a oneOf that are made disjoint. */
const MAX_CLASHES = 50
/** Limit on pairs of schemas merged or compared in total. */
const MAX_PAIRS = 1000 * MAX_ALTERNATIVES
/** Cost of a merge relative to a comparison. */
const MERGE = 5

/**
 * Resolves a document's references and combinations: a schema becomes a list of flat schemas of which one must hold (a
 * disjunctive normal form). Conjunctions are represented as schemas `{ allOf }`, of which equal ones are the same object,
 * so that recursion through them terminates.
 */
export class Resolver {
  readonly #references: References
  readonly #strings: Strings
  readonly #notices: Notices
  readonly #numbers = new Map<Schema, number>()
  readonly #together = new Map<string, Placed>()
  /** The parts of each conjunction. */
  readonly #parts = new Map<Schema, readonly Placed[]>()
  readonly #known = new Map<Schema, readonly Flat[]>()
  /** Each schema's negation. */
  readonly #opposites = new Map<Schema, Placed>()
  readonly #negations = new Map<Schema, readonly Flat[]>()
  #pairs = 0
  /** Number of pairs merged to separate branches of oneOf. */
  #limits = 0

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

  /** The flat schemas of which one must hold; empty if the schema is unsatisfiable. */
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

  /** Accounts for merged or compared pairs of schemas. Throws `LIMIT`. */
  spend(pairs: number, pointer: string): void {
    this.#pairs += pairs
    if (this.#pairs > MAX_PAIRS) {
      throw tooLarge(pointer, `its combinations come to more than ${MAX_PAIRS} pairs of schemas`)
    }
  }

  /** The conjunction of two schemas. */
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

  /** The negation of a schema. */
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

  /** The conjunction of all schemas for a member's name; `undefined` if there are none. */
  member(flat: Flat, name: string): Placed | undefined {
    const listed = flat.properties.get(name)
    if (listed) return listed
    const said = flat.scopes.flatMap((scope) => {
      const matching = scope.patterns.filter(({ pattern }) => this.#strings.matches(pattern, name))
      return matching.length > 0 ? matching.map(({ placed }) => placed) : (scope.additional ?? [])
    })
    return this.all(said)
  }

  /** The conjunction of all schemas; `undefined` for none. */
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
    for (const options of dependencies(schema, keyword, inner, (a, b, place) => this.#demand(a, b, place)))
      demand(options)
    return all.map((flat) => closed(flat, keyword, this))
  }

  /** A schema's keywords without combinations. */
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

  /** The conjunction of two disjunctions. */
  #demand(all: readonly Flat[], options: readonly Flat[], pointer: string): readonly Flat[] {
    if (all.length * options.length > MAX_MERGES) throw tooMany(pointer)
    this.spend(MERGE * all.length * options.length, pointer)
    const pairs = all.flatMap((one) => options.map((other) => merged(one, other, this)))
    const left = pairs.filter((flat) => flat !== undefined)
    if (left.length > MAX_ALTERNATIVES) throw tooMany(pointer)
    return left
  }

  /** The flat alternatives of a negated schema. */
  #negation(placed: Placed, depth: number): readonly Flat[] {
    if (depth > MAX_DEPTH) throw tooDeep(placed.pointer)
    const { schema, pointer } = this.target(placed)
    if (typeof schema === 'boolean') return schema ? [] : [unlimited(pointer)]
    let found = this.#negations.get(schema)
    if (!found) {
      found = this.#oppositesOf(schema, pointer, depth).map(asOpposite)
      this.#negations.set(schema, found)
    }
    return found
  }

  #oppositesOf(schema: Exclude<Schema, boolean>, pointer: string, depth: number): readonly Flat[] {
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
    for (const name of [
      'if',
      'dependencies',
      'dependentRequired',
      'dependentSchemas',
      '$dynamicRef',
      ...UNEVALUATED,
    ]) {
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
   * oneOf: exactly one branch. If branches may overlap, each is restricted to values that are invalid for the others; a
   * branch for which that is not simple is kept unchanged, with a notice.
   */
  #exactlyOne(branches: readonly Placed[], pointer: string, depth: number): readonly Flat[] {
    const options = branches.map((branch) => this.alternatives(branch, depth + 1))
    const asAny = () => {
      this.#notices.add(pointer, 'is read as anyOf: some of its branches may be valid together')
      return options.flat()
    }
    /** For each branch, those that may overlap with it. */
    const clashes: number[][] = branches.map(() => [])
    let pairs = 0
    for (const [i, own] of options.entries()) {
      for (const [j, other] of options.slice(0, i).entries()) {
        if (own.every((a) => other.every((b) => excludes(a, b, this)))) continue
        if (++pairs > MAX_CLASHES) return asAny()
        clashes[i].push(j)
        clashes[j].push(i)
      }
    }
    if (pairs === 0) return options.flat()
    const limited = clashes.map((others, i) =>
      this.#without(
        options[i],
        others.map((j) => branches[j]),
        pointer,
        depth,
      ),
    )
    const left = limited.map((list) => list && list.length > 0)
    if (left.every((each) => each)) return limited.flatMap((list) => list ?? [])
    const isSubset = limited.every((list) => list !== undefined) && left.some((each) => each)
    if (isSubset && limited.every((list, i) => list!.length > 0 || this.#isCovered(options[i], options, i))) {
      return limited.flatMap((list) => list ?? [])
    }
    return asAny()
  }

  /** Whether each of these has only types that another branch allows without further constraints. */
  #isCovered(own: readonly Flat[], options: readonly (readonly Flat[])[], index: number): boolean {
    const isPlain = (flat: Flat) => flat.mentioned.size === 0 && !flat.values && flat.excluded.size === 0
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

  /** The part of these that is valid for none of the others, without undescribed members. */
  #without(
    own: readonly Flat[],
    others: readonly Placed[],
    pointer: string,
    depth: number,
  ): readonly Flat[] | undefined {
    try {
      return others.reduce<readonly Flat[]>((left, other) => {
        const opposite = this.#negation(other, depth + 1)
        this.#limits += left.length * opposite.length
        if (this.#limits > MAX_LIMITS) throw tooMany(pointer)
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

  /** Either `if` and `then`, or not `if` and `else`. */
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
      // A value valid for both branches is valid regardless of the condition.
      return [...met, ...this.#demand(branch('then'), branch('else'), pointer)]
    }
  }
}

/** A negated schema evaluates no members or items. */
function asOpposite(flat: Flat): Flat {
  const scopes = flat.scopes.map((scope) => ({ ...scope, isOpposite: true }))
  return { ...flat, scopes, describedItems: 0 }
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

/** Whether a schema is only a reference. */
function isReference(schema: Schema): schema is { readonly $ref: unknown } {
  if (typeof schema === 'boolean' || !Object.hasOwn(schema, '$ref')) return false
  return Object.keys(schema).every((name) => name === '$ref' || ANNOTATIONS.has(name))
}
