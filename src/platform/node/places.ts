import { existsSync } from 'node:fs'
import { DasllamaError } from '../../errors.js'

/**
 * Candidate URLs of a file of dist/, given its path there: from `platform/`, from the sources, as tests run them, and from
 * `cli.js`. None in a CommonJS bundle, which does not know its own URL.
 */
export function placesInDist(path: string): URL[] {
  if (!import.meta.url) return []
  return [`../${path}`, `../../../dist/${path}`, `./${path}`].map((place) => new URL(place, import.meta.url))
}

/** URL of a thread's program. Throws `NOT_FOUND`. */
export function programAt(path: string, hint: string): URL {
  const place = placesInDist(path).find((url) => existsSync(url))
  if (place) return place
  throw new DasllamaError('NOT_FOUND', `${path} is not there`, {
    hint: `if a bundler moved the package, ${hint}`,
  })
}
