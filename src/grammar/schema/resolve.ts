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
import { ANNOTATIONS, COMBINATIONS, readFlat, readSchemas } from './read.js'

/** Ways that allOf and anyOf together make of one schema at most, and branches of one of them. */
const MAX_ALTERNATIVES = 1000
/** Pairs of schemas that one demand merges, and that are merged or compared in all. */
const MAX_MERGES = 20 * MAX_ALTERNATIVES
const MAX_PAIRS = 1000 * MAX_ALTERNATIVES

/**
 * What a document's references and combinations come to: a schema becomes the list of flat schemas of which one must
 * hold. Schemas that must hold together are themselves schemas here, `{ allOf }`, of which equal ones are one object: so
 * recursion through them comes round.
 */
export class Resolver {
  readonly #document: Schema
  readonly #numbers = new Map<Schema, number>()
  readonly #together = new Map<string, Placed>()
  /** What such a schema was put together from. */
  readonly #parts = new Map<Schema, readonly Placed[]>()
  readonly #known = new Map<Schema, readonly Flat[]>()
  #pairs = 0

  constructor(document: Schema) {
    this.#document = document
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
      at = this.#lookUp(at.schema.$ref, within(at.pointer, '$ref'))
    }
    return at
  }

  /** The flat schemas of which one must hold; none where nothing is valid. */
  alternatives(placed: Placed, depth = 0): readonly Flat[] {
    if (depth > MAX_DEPTH) {
      throw invalidSchema(
        placed.pointer,
        `combinations lead more than ${MAX_DEPTH} times to each other`,
        'a schema may not be part of its own anyOf, oneOf or allOf',
      )
    }
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

  #combine(schema: Exclude<Schema, boolean>, pointer: string, depth: number): readonly Flat[] {
    let all: readonly Flat[] = [readFlat(schema, pointer)]
    const tooMany = () => tooLarge(pointer, `its combinations come to more than ${MAX_ALTERNATIVES} schemas`)
    const demand = (options: readonly Flat[]) => {
      if (all.length * options.length > MAX_MERGES) throw tooMany()
      this.spend(all.length * options.length, pointer)
      const pairs = all.flatMap((one) => options.map((other) => this.#merge(one, other)))
      all = pairs.filter((flat) => flat !== undefined)
      if (all.length > MAX_ALTERNATIVES) throw tooMany()
    }
    for (const name of COMBINATIONS) {
      if (!Object.hasOwn(schema, name)) continue
      const keyword = { value: schema[name], pointer: within(pointer, name) }
      if (name === '$ref') {
        demand(this.alternatives(this.#lookUp(keyword.value, keyword.pointer), depth + 1))
        continue
      }
      const branches = this.#parts.get(schema) ?? readSchemas(keyword)
      if (branches.length > MAX_ALTERNATIVES) throw tooMany()
      const options = branches.map((branch) => this.alternatives(branch, depth + 1))
      if (name === 'oneOf') this.#demandExclusion(options, keyword.pointer)
      if (name === 'allOf') for (const option of options) demand(option)
      else demand(options.flat())
    }
    return all
  }

  /** One valid branch means exactly one only where no two can be valid together. */
  #demandExclusion(branches: readonly (readonly Flat[])[], pointer: string): void {
    for (const [i, branch] of branches.entries()) {
      for (const [j, other] of branches.slice(0, i).entries()) {
        if (branch.every((a) => other.every((b) => excludes(a, b, this)))) continue
        throw unsupported(
          pointer,
          `branches ${j} and ${i} may be valid together`,
          'use anyOf, or let them differ in type or in the const of a required property',
        )
      }
    }
  }

  #lookUp(reference: unknown, pointer: string): Placed {
    if (typeof reference !== 'string') throw invalidSchema(pointer, 'a reference is a string')
    if (!reference.startsWith('#'))
      throw unsupported(pointer, `"${reference}" is in another document`, 'put it into $defs')
    const path = decodeFragment(reference.slice(1), pointer)
    if (path !== '' && !path.startsWith('/')) {
      throw unsupported(
        pointer,
        `the anchor "${reference}" is not supported`,
        'references are written #/$defs/name',
      )
    }
    let at: unknown = this.#document
    for (const key of path.split('/').slice(1)) {
      const name = key.replaceAll('~1', '/').replaceAll('~0', '~')
      if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) {
        throw invalidSchema(pointer, `there is no "${reference}"`)
      }
      at = (at as Record<string, unknown>)[name]
    }
    if (typeof at === 'boolean' || isObject(at)) return { schema: at, pointer: `#${path}` }
    throw invalidSchema(pointer, `"${reference}" is no schema`)
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
      minLength: Math.max(a.minLength, b.minLength),
      maxLength: Math.min(a.maxLength, b.maxLength),
      patterns: [
        ...a.patterns,
        ...b.patterns.filter(({ text }) => a.patterns.every((other) => other.text !== text)),
      ],
      lows: [...a.lows, ...b.lows],
      highs: [...a.highs, ...b.highs],
      minItems: Math.max(a.minItems, b.minItems),
      maxItems: Math.min(a.maxItems, b.maxItems),
      prefixItems: this.#mergePrefixes(a, b),
      items: a.items && b.items ? this.both(a.items, b.items) : (a.items ?? b.items),
      properties: this.#mergeProperties(a, b),
      required: new Set([...a.required, ...b.required]),
      additional:
        a.additional && b.additional ? this.both(a.additional, b.additional) : (a.additional ?? b.additional),
      mentioned: new Set([...a.mentioned, ...b.mentioned]),
    }
  }

  #mergePrefixes(a: Flat, b: Flat): readonly Placed[] {
    const length = Math.max(a.prefixItems.length, b.prefixItems.length)
    return Array.from({ length }, (_, i) => {
      const [one, other] = [a, b].map(({ prefixItems, items }) => prefixItems[i] ?? items)
      return one && other ? this.both(one, other) : (one ?? other)!
    })
  }

  #mergeProperties(a: Flat, b: Flat): ReadonlyMap<string, Placed> {
    const merged = new Map<string, Placed>()
    for (const name of [...a.properties.keys(), ...b.properties.keys()]) {
      const [one, other] = [a, b].map(({ properties, additional }) => properties.get(name) ?? additional)
      merged.set(name, one && other ? this.both(one, other) : (one ?? other)!)
    }
    return merged
  }
}

/** Whether a schema says nothing but where another one is. */
function isReference(schema: Schema): schema is { readonly $ref: unknown } {
  if (typeof schema === 'boolean' || !Object.hasOwn(schema, '$ref')) return false
  return Object.keys(schema).every((name) => name === '$ref' || ANNOTATIONS.has(name))
}

function decodeFragment(fragment: string, pointer: string): string {
  try {
    return decodeURIComponent(fragment)
  } catch {
    throw invalidSchema(pointer, `"#${fragment}" is no URI fragment`)
  }
}
