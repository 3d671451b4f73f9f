import { describeValue } from '../../../describe.js'
import { invalidSchema, unsupported } from '../failures.js'
import { isObject, type Placed, type Schema } from '../flat.js'

/** The base URI of a schema without `$id`. */
const NO_BASE = 'schema:/'

/** Keywords that map names to schemas. */
const MAPS = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
  'dependencies',
])
/** Keywords with values, not schemas. */
const VALUES = new Set(['enum', 'const', 'default', 'examples', 'example'])

/** Resolves `$ref` within a document: JSON pointers, `$id` and anchors. */
export class References {
  readonly #document: Schema
  /** Schemas by URI. */
  readonly #known = new Map<string, Placed>()
  /** The base URI of each schema's references. */
  readonly #bases = new Map<Schema, string>()
  /** Root schemas by URI without fragment. */
  readonly #roots = new Map<string, Placed>()

  constructor(document: Schema) {
    this.#document = document
    this.#roots.set(NO_BASE, { schema: document, pointer: '#' })
    this.#index()
  }

  /** Resolves a reference in `from`. `pointer`: location of the reference. */
  resolve(reference: unknown, from: Schema, pointer: string): Placed {
    if (typeof reference !== 'string') throw invalidSchema(pointer, 'a reference is a string')
    const uri = resolved(reference, this.#bases.get(from) ?? NO_BASE)
    if (uri === undefined) throw invalidSchema(pointer, `${describeValue(reference)} is not a URI reference`)
    const hash = uri.indexOf('#')
    const base = hash < 0 ? uri : uri.slice(0, hash)
    const fragment = decodeFragment(hash < 0 ? '' : uri.slice(hash + 1), reference, pointer)
    const anchored = this.#known.get(`${base}#${fragment}`)
    if (anchored) return anchored
    const root = this.#roots.get(base)
    if (!root) {
      throw unsupported(
        pointer,
        `${describeValue(reference)} is in another document`,
        'put it into $defs and refer to it as #/$defs/name',
      )
    }
    if (fragment !== '' && !fragment.startsWith('/')) {
      throw invalidSchema(
        pointer,
        `there is no anchor ${describeValue(reference)}`,
        'references are written #/$defs/name',
      )
    }
    return this.#follow(root, fragment, reference, pointer)
  }

  #follow(root: Placed, path: string, reference: string, pointer: string): Placed {
    let at: unknown = root.schema
    for (const key of path.split('/').slice(1)) {
      const name = key.replaceAll('~1', '/').replaceAll('~0', '~')
      if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) {
        throw invalidSchema(pointer, `there is no ${describeValue(reference)}`)
      }
      at = (at as Record<string, unknown>)[name]
    }
    if (typeof at === 'boolean' || isObject(at)) return { schema: at, pointer: `${root.pointer}${path}` }
    throw invalidSchema(pointer, `${describeValue(reference)} is not a schema`)
  }

  /** Indexes the document in one pass. */
  #index(): void {
    type Visit = { value: unknown; base: string; pointer: string; isMap: boolean }
    const waiting: Visit[] = [{ value: this.#document, base: NO_BASE, pointer: '#', isMap: false }]
    for (let visit = waiting.pop(); visit; visit = waiting.pop()) {
      const { value, pointer, isMap } = visit
      let { base } = visit
      if (Array.isArray(value)) {
        for (const [i, each] of value.entries()) {
          waiting.push({ value: each, base, pointer: `${pointer}/${i}`, isMap: false })
        }
        continue
      }
      if (!isObject(value)) continue
      if (!isMap) base = this.#register(value, base, pointer)
      for (const [name, each] of Object.entries(value)) {
        if (!isMap && VALUES.has(name)) continue
        const path = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
        waiting.push({ value: each, base, pointer: path, isMap: !isMap && MAPS.has(name) })
      }
    }
  }

  /** Registers a schema's names and returns the base URI of its references. */
  #register(schema: Exclude<Schema, boolean>, base: string, pointer: string): string {
    let own = base
    const placed = { schema, pointer }
    for (const name of ['$id', 'id']) {
      const id = schema[name]
      if (typeof id !== 'string') continue
      const uri = resolved(id, own)
      if (uri === undefined) continue
      if (id.startsWith('#')) this.#known.set(uri, placed)
      else {
        own = uri.replace(/#$/, '')
        this.#roots.set(own, placed)
      }
    }
    for (const name of ['$anchor', '$dynamicAnchor']) {
      if (typeof schema[name] === 'string') this.#known.set(`${own}#${schema[name]}`, placed)
    }
    if (own !== NO_BASE) this.#bases.set(schema, own)
    return own
  }
}

/** Resolves a reference against a base URI; `undefined` if it is not a URI. */
function resolved(reference: string, base: string): string | undefined {
  if (reference.startsWith('#')) return base + reference
  try {
    return new URL(reference, base).href
  } catch {
    return undefined
  }
}

function decodeFragment(fragment: string, reference: string, pointer: string): string {
  try {
    return decodeURIComponent(fragment)
  } catch {
    throw invalidSchema(pointer, `${describeValue(reference)} is not a URI fragment`)
  }
}
