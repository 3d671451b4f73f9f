import { describeValue } from '../../../describe.js'
import { invalidSchema, unsupported } from '../failures.js'
import { isObject, type Placed, type Schema } from '../flat.js'

/** Of a schema without `$id`. */
const NO_BASE = 'schema:/'

/** Keywords whose members are schemas by name. */
const MAPS = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
  'dependencies',
])
/** Keywords that hold values. */
const VALUES = new Set(['enum', 'const', 'default', 'examples', 'example'])

/** Where `$ref` leads within a document: JSON pointers, `$id` and anchors. */
export class References {
  readonly #document: Schema
  /** Schemas by the URI that they are known as. */
  readonly #known = new Map<string, Placed>()
  /** What URIs of references in a schema are relative to. */
  readonly #bases = new Map<Schema, string>()
  /** Roots, by the URI without its fragment. */
  readonly #roots = new Map<string, Placed>()

  constructor(document: Schema) {
    this.#document = document
    this.#roots.set(NO_BASE, { schema: document, pointer: '#' })
    this.#index()
  }

  /** The schema that a reference in `from` leads to. `pointer`: where the reference stands. */
  resolve(reference: unknown, from: Schema, pointer: string): Placed {
    if (typeof reference !== 'string') throw invalidSchema(pointer, 'a reference is a string')
    const uri = resolved(reference, this.#bases.get(from) ?? NO_BASE)
    if (uri === undefined) throw invalidSchema(pointer, `${describeValue(reference)} is no URI reference`)
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
    throw invalidSchema(pointer, `${describeValue(reference)} is no schema`)
  }

  /** Walks the document once. */
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

  /** Notes the names of a schema; what references within it are relative to. */
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

/** A reference against a base; `undefined` for what is no URI. */
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
    throw invalidSchema(pointer, `${describeValue(reference)} is no URI fragment`)
  }
}
