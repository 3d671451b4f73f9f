import type { PartialFile } from './folder.js'
import type { Hasher } from './sha256.js'

const READ_BYTES = 2 ** 20

/**
 * Hashes a partial file in order while its pieces arrive in any. The bytes are read back, so that the digest is that of what was
 * stored.
 */
export class RunningHash {
  readonly #file: PartialFile
  readonly #hasher: Hasher
  readonly #buffer = new Uint8Array(READ_BYTES)
  #hashed = 0
  #running: Promise<void> | undefined

  constructor(file: PartialFile, hasher: Hasher) {
    this.#file = file
    this.#hasher = hasher
  }

  /** To be called when a piece has arrived. */
  advance(): void {
    // A failure is reported by `finish`, which reads the same bytes.
    this.#running ??= this.#hashPrefix()
      .catch(() => {})
      .finally(() => {
        this.#running = undefined
      })
  }

  /** The digest of the whole file. Rejects with `IO`, or the signal's reason. */
  async finish(signal: AbortSignal): Promise<string> {
    await this.#running
    await this.#hashPrefix(signal)
    return this.#hasher.hex()
  }

  /** Resolves when nothing is being read. */
  async settled(): Promise<void> {
    await this.#running
  }

  async #hashPrefix(signal?: AbortSignal): Promise<void> {
    while (this.#hashed < this.#file.ranges.prefix) {
      signal?.throwIfAborted()
      const length = Math.min(READ_BYTES, this.#file.ranges.prefix - this.#hashed)
      const bytes = this.#buffer.subarray(0, length)
      await this.#file.read(this.#hashed, bytes)
      this.#hasher.update(bytes)
      this.#hashed += length
    }
  }
}
