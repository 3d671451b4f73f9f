import { commonTypes, commonValues, type Flat, type Placed, type Type, typeOf } from '../flat.js'

/** Nesting depth at which properties are compared. */
const MAX_DEPTH = 4

/** Context of `excludes`. */
interface Alternatives {
  alternatives(placed: Placed): readonly Flat[]
  /** The schema of a member. */
  member(flat: Flat, name: string): Placed | undefined
  /** Accounts for compared pairs. */
  spend(pairs: number, pointer: string): void
}

/** Whether it is certain that no value is valid for both. */
export function excludes(a: Flat, b: Flat, resolver: Alternatives, depth = 0): boolean {
  if (depth > MAX_DEPTH) return false
  // For properties, the schemas of both have to be resolved first.
  resolver.spend(depth > 0 ? 4 : 1, a.pointer)
  if (a.values && b.values) return commonValues(a.values, b.values)!.size === 0
  const types = commonTypes(typesOf(a), typesOf(b))
  if (types?.size === 0) return true
  const onlyObjects = types?.size === 1 && types.has('object')
  return (
    onlyObjects && (differInProperty(a, b, resolver, depth) || lacks(a, b, resolver) || lacks(b, a, resolver))
  )
}

function typesOf({ types, values }: Flat): ReadonlySet<Type> | undefined {
  return values ? commonTypes(types, new Set([...values.values()].map(typeOf))) : types
}

/** Whether a required property of one of them can have no value valid for both. */
function differInProperty(a: Flat, b: Flat, resolver: Alternatives, depth: number): boolean {
  const differs = (name: string) => {
    const [one, other] = [a, b].map((flat) => resolver.member(flat, name))
    if (!one || !other) return false
    const others = resolver.alternatives(other)
    return resolver.alternatives(one).every((x) => others.every((y) => excludes(x, y, resolver, depth + 1)))
  }
  for (const name of a.required) if (differs(name)) return true
  for (const name of b.required) if (!a.required.has(name) && differs(name)) return true
  return false
}

/** Whether `a` requires a property that `b` does not allow. */
function lacks(a: Flat, b: Flat, resolver: Alternatives): boolean {
  return [...a.required].some((name) => resolver.member(b, name)?.schema === false)
}
