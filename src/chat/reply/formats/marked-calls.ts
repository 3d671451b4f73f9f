import type { Calls } from '../call.js'
import type { ContentHost } from '../machine.js'
import { CallsReader } from './calls-reader.js'

export interface CallMarkers {
  /** The marker that has opened the calls; '' where they are part of something that has been opened. */
  readonly open: string
  /** The marker that closes them. Without one they end where they are whole, or with what cannot be part of one. */
  readonly close?: string
}

/**
 * Calls between two markers. The closing one may be missing where the reply or the next call follows a whole call; another
 * opening one ends the call at hand.
 */
export abstract class MarkedCallsReader<Place extends string> extends CallsReader<Place> {
  protected readonly style: CallMarkers

  constructor(calls: Calls, content: ContentHost, style: CallMarkers) {
    super(calls, content, style.open)
    this.style = style
  }

  protected takeMarker(marker: string): boolean {
    if (marker === this.style.open) {
      this.endWith('', 'invalid-json')
      return false
    }
    if (marker !== this.style.close) return false
    if (this.place === 'content') this.closeContent(marker)
    else this.endWith(marker, 'invalid-json')
    return true
  }
}
