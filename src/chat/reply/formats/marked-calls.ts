import type { Calls } from '../call.js'
import type { ContentHost } from '../machine.js'
import { CallsReader } from './calls-reader.js'

export interface CallMarkers {
  /** The marker that opened the calls; '' if they are within an enclosing tag. */
  readonly open: string
  /** The closing marker. Without one, the calls end when they are complete, or at text that cannot be part of one. */
  readonly close?: string
}

/**
 * Reads calls between two markers. The closing one may be missing if the reply ends or the next call begins after a complete
 * call; another opening marker ends the current call.
 */
export abstract class MarkedCallsReader<State extends string> extends CallsReader<State> {
  protected readonly style: CallMarkers

  /** `opening`: the text at the beginning of the first call, if it is more than the marker. */
  constructor(calls: Calls, content: ContentHost, style: CallMarkers, opening = style.open) {
    super(calls, content, opening)
    this.style = style
  }

  protected takeMarker(marker: string): boolean {
    if (marker === this.style.open) {
      this.endWith('', 'invalid-json')
      return false
    }
    if (marker !== this.style.close) return false
    if (this.state === 'content') this.closeContent(marker)
    else this.endWith(marker, 'invalid-json')
    return true
  }
}
