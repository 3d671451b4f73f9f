import { ApiError } from '../api-error.js'

const LATEST = ':latest'

/** A name as Ollama lists it: with a tag. */
export function tagged(name: string): string {
  return name.includes(':') ? name : name + LATEST
}

/** The served name that a request means: the tag `latest` may be left out, or be there in addition. */
export function servedName(names: readonly string[], asked: string): string | undefined {
  const without = asked.endsWith(LATEST) ? asked.slice(0, -LATEST.length) : asked
  return [asked, without, tagged(asked)].find((name) => names.includes(name))
}

/** Clients look for these words and pull the model then. */
export function modelNotFound(name: string): ApiError {
  return new ApiError(404, `model '${name.slice(0, 100)}' not found`, {
    param: 'model',
    code: 'model_not_found',
  })
}
