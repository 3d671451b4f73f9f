import { invalidSchema, within } from '../failures.js'
import { type Flat, isObject, type Placed, type Schema, unlimited } from '../flat.js'
import { type Keyword, readNames, readSchema } from '../read/read.js'

/** For each dependency: either the name is absent, or its schema holds. */
export function* dependencies(
  schema: Exclude<Schema, boolean>,
  keyword: (name: string) => Keyword,
  inner: (placed: Placed) => readonly Flat[],
  both: (a: readonly Flat[], b: readonly Flat[], pointer: string) => readonly Flat[],
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
        yield [missing, ...both([there], inner(readSchema({ value: given, pointer: place })), place)]
      }
    }
  }
}
