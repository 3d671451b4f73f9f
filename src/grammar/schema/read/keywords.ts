/** Annotations: keywords without effect on validity. */
export const ANNOTATIONS: ReadonlySet<string> = new Set([
  ...['title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly'],
  ...['$schema', '$id', 'id', '$anchor', '$dynamicAnchor', '$recursiveAnchor', '$comment', '$vocabulary'],
  ...['$defs', 'definitions'],
  // OpenAPI: redundant with the branches; `nullable` is handled with `type`.
  ...['discriminator', 'nullable'],
])

/** Keywords that `resolve.ts` resolves. */
export const COMBINATIONS: ReadonlySet<string> = new Set([
  ...['$ref', '$dynamicRef', '$recursiveRef', 'allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else'],
  ...['dependencies', 'dependentRequired', 'dependentSchemas'],
])

/** The keyword that an unknown one may be a misspelling of. */
export function nearest(name: string, keywords: ReadonlySet<string>): string | undefined {
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z]/g, '')
  return [...keywords].find((known) => plain(known) === plain(name) || isNear(plain(known), plain(name)))
}

/** Whether the names differ by one insertion, deletion, replacement or transposition. */
function isNear(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1 || Math.min(a.length, b.length) < 4) return false
  let start = 0
  while (start < a.length && a[start] === b[start]) start++
  let end = 0
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++
  const [left, right] = [a.slice(start, a.length - end), b.slice(start, b.length - end)]
  if (left.length <= 1 && right.length <= 1) return true
  return left.length === 2 && right.length === 2 && left[0] === right[1] && left[1] === right[0]
}
