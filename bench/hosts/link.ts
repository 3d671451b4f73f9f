import type { Replies, Request } from './protocol.js'

/** The benchmark's interface to a contestant in its host. One request at a time. */
export interface Link extends AsyncDisposable {
  /** Rejects with the contestant's error, or when its host ends instead of answering. */
  ask<K extends Request['do']>(request: Extract<Request, { do: K }>): Promise<Replies[K]>
  /** How the contestant names a file of this machine: its path, or a URL. */
  address(path: string): Promise<string>
}
