import { CallInProgress, type Calls } from '../call.js'
import type { MalformedReason } from '../events.js'
import type { CallReader, ContentHost } from '../machine.js'

/**
 * The base class of most readers of calls: holds the current call, the state, and a successor, which takes over if the calls
 * turn out to be in another format. `State` adds to the common states: `head` at first, `content` after text that follows or
 * replaces a call, `broken` when the text cannot be a valid call any more.
 */
export abstract class CallsReader<State extends string> implements CallReader {
  isOver = false
  protected readonly calls: Calls
  protected readonly content: ContentHost
  protected call: CallInProgress
  protected state: State | 'head' | 'content' | 'broken' = 'head'
  #successor: CallReader | undefined

  /** `opening`: the text at the beginning of the first call. */
  constructor(calls: Calls, content: ContentHost, opening: string) {
    this.calls = calls
    this.content = content
    this.call = new CallInProgress(calls, opening)
  }

  /** The markers to look for in the current state. */
  protected abstract get ownMarkers(): readonly string[]
  /** Reads a part of `text` and appends it to the call, in any state but `content` and `broken`; returns how much was read. */
  protected abstract read(text: string): number
  /** See `CallReader.marker`. */
  protected abstract takeMarker(marker: string): boolean
  /** At the end of the calls: reports the call if it is complete. Returns false if there is an incomplete one. */
  protected abstract reportWhole(): boolean

  get markers(): readonly string[] {
    return this.#successor ? this.#successor.markers : this.ownMarkers
  }

  text(text: string): number {
    if (this.#successor) {
      const read = this.#successor.text(text)
      this.isOver = this.#successor.isOver
      return read
    }
    const read = this.#read(text)
    if (this.state !== 'content' && this.call.isTooLong) this.fail('too-long')
    return read
  }

  marker(marker: string): boolean {
    if (!this.#successor) return this.takeMarker(marker)
    const isTaken = this.#successor.marker(marker)
    this.isOver = this.#successor.isOver
    return isTaken
  }

  end(rest: string): void {
    if (this.#successor) {
      this.isOver = true
      this.#successor.end(rest)
    } else this.endWith(rest, 'incomplete')
  }

  /** Ends the reader with `rest`. `otherwise`: the reason for an incomplete call. */
  protected endWith(rest: string, otherwise: MalformedReason): void {
    this.isOver = true
    if (this.state === 'content') {
      if (rest !== '') this.content.push(rest)
      return
    }
    this.call.append(rest)
    if (!this.reportWhole()) this.fail(this.state === 'broken' ? 'invalid-json' : otherwise)
  }

  /** Ends content after the calls with the marker that closes them. */
  protected closeContent(marker: string): void {
    this.content.close()
    this.frame(marker)
    this.isOver = true
  }

  /** `reader` takes over, and reads the text of the call so far except the `opening`, which it already has. */
  protected handOver(reader: CallReader, opening: string): void {
    this.#successor = reader
    const before = this.call.raw.slice(opening.length)
    for (let at = 0; at < before.length; ) at += reader.text(before.slice(at))
  }

  /** The call has been reported; the next one may begin. */
  protected nextCall(): void {
    this.call = new CallInProgress(this.calls, '')
  }

  protected fail(reason: MalformedReason): void {
    this.isOver = true
    this.call.fail(reason)
  }

  protected frame(text: string): void {
    if (text !== '') this.calls.emit({ type: 'framing', text })
  }

  #read(text: string): number {
    if (this.state === 'content') this.content.push(text)
    else if (this.state === 'broken') this.call.append(text)
    else return this.read(text)
    return text.length
  }
}
