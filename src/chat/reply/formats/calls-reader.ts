import { CallInProgress, type Calls } from '../call.js'
import type { MalformedReason } from '../events.js'
import type { CallReader, ContentHost } from '../machine.js'

/**
 * What readers of calls have in common: the call at hand, where in it they are, and another reader, which takes over where
 * the calls turn out to be written in another form. `Place` adds to the places that all of them know: `head` at first,
 * `content` when text behind a call, or in place of one, has come, `broken` when it is no call any more.
 */
export abstract class CallsReader<Place extends string> implements CallReader {
  isOver = false
  protected readonly calls: Calls
  protected readonly content: ContentHost
  protected call: CallInProgress
  protected place: Place | 'head' | 'content' | 'broken' = 'head'
  #successor: CallReader | undefined

  /** `opening`: the text that the first call begins with. */
  constructor(calls: Calls, content: ContentHost, opening: string) {
    this.calls = calls
    this.content = content
    this.call = new CallInProgress(calls, opening)
  }

  /** What counts as a marker at the place where the reader is. */
  protected abstract get ownMarkers(): readonly string[]
  /** Takes a part of `text`, which it appends to the call, at any place but `content` and `broken`; returns how much. */
  protected abstract read(text: string): number
  /** See `CallReader.marker`. */
  protected abstract takeMarker(marker: string): boolean
  /** Where no more is to come: reports the call if it is whole, and returns whether nothing is wrong. */
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
    if (this.place !== 'content' && this.call.isTooLong) this.fail('too-long')
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

  /** Nothing but `rest` is to come. `otherwise`: what is wrong with a call that is not whole. */
  protected endWith(rest: string, otherwise: MalformedReason): void {
    this.isOver = true
    if (this.place === 'content') {
      if (rest !== '') this.content.push(rest)
      return
    }
    this.call.append(rest)
    if (!this.reportWhole()) this.fail(this.place === 'broken' ? 'invalid-json' : otherwise)
  }

  /** Ends content behind the calls with the marker that closes them. */
  protected closeContent(marker: string): void {
    this.content.close()
    this.frame(marker)
    this.isOver = true
  }

  /** `reader` takes over, and reads what has come of the call behind the `opening`, which it knows already. */
  protected handOver(reader: CallReader, opening: string): void {
    this.#successor = reader
    const before = this.call.raw.slice(opening.length)
    for (let at = 0; at < before.length; ) at += reader.text(before.slice(at))
  }

  /** The call has been reported; another one may begin. */
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
    if (this.place === 'content') this.content.push(text)
    else if (this.place === 'broken') this.call.append(text)
    else return this.read(text)
    return text.length
  }
}
