import { ApiError } from '../api-error.js'
import type { Call } from '../call.js'
import { jsonResponse } from '../http/responses.js'
import type { Fields } from '../request/fields.js'
import type { Endpoint } from '../router.js'
import type { ServedModel } from '../service/models.js'
import { modelNotFound, servedName } from './names.js'

/** An endpoint of Ollama's API, whose errors are `{ error: message }`. */
export function ollamaEndpoint(endpoint: Omit<Endpoint, 'errorBody'>): Endpoint {
  return { ...endpoint, errorBody: ({ message }) => ({ error: message }) }
}

/** The name that a request has for its model, in `model` or, in old clients, `name`. Throws `ApiError`. */
export function readModel(fields: Fields): string {
  const name = fields.string('model') || fields.string('name')
  if (name) return name
  throw fields.invalid('model', 'is required', 'missing_required_parameter')
}

/** The model that a request means. Rejects with the status 404 for an unknown name. */
export async function modelNamed(call: Call, name: string): Promise<ServedModel> {
  return call.model(knownName(call, name))
}

/** The name by which a model is served. Throws with the status 404 if none is meant. */
export function knownName({ service: { models } }: Call, name: string): string {
  const known = servedName(models.names, name)
  if (known === undefined) throw modelNotFound(name)
  return known
}

/** Whether a request asks that the model is unloaded afterwards: `keep_alive` 0. Throws for what is not a duration. */
export function readUnload(fields: Fields): boolean {
  const given = fields.any('keep_alive')
  if (given === undefined) return false
  if (typeof given === 'number') return given === 0
  if (typeof given === 'string' && given.length <= MAX_DURATION && DURATION.test(given)) {
    return !/[1-9]/.test(given)
  }
  throw fields.invalid('keep_alive', 'must be a number of seconds or a duration such as "5m"')
}

/** A number of seconds, or numbers with units as Go writes them: `1h30m`. */
const DURATION = /^[+-]?(?:\d+|(?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h))+)$/
const MAX_DURATION = 40

/**
 * The answer to a request without a prompt, which loads the model, or unloads it. `reply`: the empty reply of the endpoint.
 */
export async function loadOnly(
  call: Call,
  name: string,
  { unloads, reply }: { readonly unloads: boolean; readonly reply: object },
): Promise<Response> {
  const known = knownName(call, name)
  if (unloads) await unloadIfIdle(call, known)
  else await call.model(known)
  return jsonResponse({
    model: name,
    created_at: now(),
    ...reply,
    done: true,
    done_reason: unloads ? 'unload' : 'load',
  })
}

/** As in Ollama, a model that is in use is not an error: it stays for those who use it. */
async function unloadIfIdle({ service: { models } }: Call, name: string): Promise<void> {
  try {
    await models.unload(name)
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 409)) throw error
  }
}

export function now(): string {
  return new Date().toISOString()
}

/** Throws for images, which no model reads here. */
export function refuseImages(fields: Fields): void {
  const images = fields.array('images')
  if (!images?.length) return
  throw new ApiError(400, `${fields.name('images')}: this model reads text only, not images`, {
    param: fields.name('images'),
    code: 'unsupported_value',
  })
}
