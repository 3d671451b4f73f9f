import { abortable } from '../abortable.js'
import type { ByteSource } from '../storage/source.js'

/**
 * A source while a call works with it: a read or an opening that is stuck ends with the signal, whether or not the source
 * listens to it, and closing twice closes once.
 */
export class OpenSource implements ByteSource {
  readonly name: string
  readonly size: number
  readonly version: string | undefined
  readonly readParts: ByteSource['readParts']
  readonly checkUnchanged: ByteSource['checkUnchanged']
  readonly sibling: ByteSource['sibling']
  readonly #inner: ByteSource
  #closing: Promise<void> | undefined

  constructor(inner: ByteSource, signal: AbortSignal | undefined) {
    this.name = inner.name
    this.size = inner.size
    this.version = inner.version
    this.#inner = inner
    if (inner.readParts) {
      this.readParts = async (parts, own) => abortable(inner.readParts!(parts, own), own)
    }
    if (inner.checkUnchanged) {
      this.checkUnchanged = async () => abortable(inner.checkUnchanged!(), signal)
    }
    if (inner.sibling) {
      this.sibling = async (fileName) => {
        const opening = inner.sibling!(fileName)
        return new OpenSource(await abortable(opening, signal, (late) => late.close()), signal)
      }
    }
  }

  async read(offset: number, target: Uint8Array, signal?: AbortSignal): Promise<void> {
    await abortable(this.#inner.read(offset, target, signal), signal)
  }

  close(): Promise<void> {
    this.#closing ??= (async () => this.#inner.close())()
    return this.#closing
  }
}
