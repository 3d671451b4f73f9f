import { ApiError } from '../api-error.js'

/** The tenant of a server without keys. */
export const ANYONE = ''

/**
 * Checks the key of a request against those of the server. The time does not depend on how much of a key is right: hashes
 * are compared, all of them, to the end.
 */
export class ApiKeys {
  readonly #keys: readonly string[]
  /** A random name for the sender of each key. */
  readonly #tenants: readonly string[]
  #hashes: Promise<readonly Uint8Array[]> | undefined

  constructor(keys: readonly string[]) {
    this.#keys = [...new Set(keys)]
    this.#tenants = this.#keys.map(() => crypto.randomUUID())
  }

  /**
   * Resolves with the tenant: who has sent the same key has the same one, which says nothing about the key. Rejects with the
   * status 401 for a key that is missing or wrong.
   */
  async check(headers: Headers): Promise<string> {
    if (this.#keys.length === 0) return ANYONE
    const given = givenKey(headers)
    if (given === undefined) {
      throw unauthorized('there is no API key: send it as the header authorization: Bearer KEY')
    }
    this.#hashes ??= Promise.all(this.#keys.map(hash))
    const [its, hashes] = await Promise.all([hash(given), this.#hashes])
    let number = 0
    for (const [i, one] of hashes.entries()) number |= Number(isEqual(one, its)) * (i + 1)
    if (number === 0) throw unauthorized('the API key is wrong')
    return this.#tenants[number - 1]
  }
}

/** The key of a request: in `authorization`, or in `x-api-key` as in Anthropic's API. */
function givenKey(headers: Headers): string | undefined {
  const bearer = /^Bearer\s+(.+)$/i.exec(headers.get('authorization') ?? '')?.[1]
  return (bearer ?? headers.get('x-api-key'))?.trim() || undefined
}

async function hash(key: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(key)))
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  let different = 0
  for (let i = 0; i < a.length; i++) different |= a[i] ^ b[i]
  return different === 0
}

function unauthorized(message: string): ApiError {
  return new ApiError(401, message, { code: 'invalid_api_key', headers: { 'www-authenticate': 'Bearer' } })
}
