import { existsSync } from 'node:fs'
import { DasllamaError } from '../../errors.js'

/**
 * Candidate URLs of a file of dist/: from another one, and from the sources, as tests run them. None in a CommonJS bundle, which does not know its own URL.
 */
export function placesInDist(file: string): URL[] {
  if (!import.meta.url) return []
  // Not `new URL`, nor `new Worker` of such a place: Turbopack would bundle every file of the folder, and give other addresses.
  return [`./${file}`, `../../../dist/${file}`].map((place) =>
    Reflect.construct(URL, [place, import.meta.url]),
  )
}

/** URL of a thread's program. Throws `NOT_FOUND`. */
export function programAt(file: string, hint: string): URL {
  const place = placesInDist(file).find((url) => existsSync(url))
  if (place) return place
  throw new DasllamaError('NOT_FOUND', `${file} is not there`, {
    hint: `if a bundler moved the package, ${hint}`,
  })
}
