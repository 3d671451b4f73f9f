import type { Server } from './server.js'
import { readStatus, type ServerStatus } from './status.js'

const EVERY_MS = 1000
/** A server whose thread is busy with a batch answers late. */
const PATIENCE_MS = 10_000

/** Asks for the server's status once per second while the page is visible. */
export class Poller {
  readonly #server: Server
  readonly #onStatus: (status: ServerStatus) => void
  readonly #onFailure: (error: unknown) => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #isAsking = false

  constructor(server: Server, onStatus: (status: ServerStatus) => void, onFailure: (error: unknown) => void) {
    this.#server = server
    this.#onStatus = onStatus
    this.#onFailure = onFailure
    document.addEventListener('visibilitychange', () => this.ask())
  }

  /** Asks now instead of at the next second. */
  ask(): void {
    clearTimeout(this.#timer)
    if (!document.hidden && !this.#isAsking) void this.#ask()
  }

  async #ask(): Promise<void> {
    this.#isAsking = true
    try {
      const response = await this.#server.send('status', { signal: AbortSignal.timeout(PATIENCE_MS) })
      this.#onStatus(readStatus(await response.json()))
    } catch (error) {
      this.#onFailure(error)
    } finally {
      this.#isAsking = false
      this.#timer = setTimeout(() => this.ask(), EVERY_MS)
    }
  }
}
