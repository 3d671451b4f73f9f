/**
 * A state machine for a format: takes text and markers in the order of the reply. The caller finds the markers, so a machine
 * never scans text twice.
 */
export interface ReplyMachine {
  /** The markers to look for in the current state: one of a few constant lists. */
  readonly markers: readonly string[]
  /** Whether the model is reasoning now. */
  readonly isReasoning: boolean
  /** The header that the model is writing, from the marker that opened it on; `undefined` outside of headers. */
  readonly header?: string | undefined
  /** Reads text without such markers, or a part of it if other markers count after that; returns how much was read. */
  text(text: string): number
  /** Reads a marker; false if it has no meaning here and is text. */
  marker(marker: string, origin: MarkerOrigin): boolean
  /** The reply has ended; `rest` is text that may have become a marker. */
  end(rest: string): void
}

/** Whether a marker came as a control token. */
export interface MarkerOrigin {
  readonly isControl: boolean
}

/** The part of a machine that reads calls, from an opening marker to where content may continue. */
export interface CallReader {
  readonly markers: readonly string[]
  /** Whether the calls have ended and content continues. */
  readonly isOver: boolean
  text(text: string): number
  /** Reads a marker; false if it has no meaning here. A marker that is not read may still end the reader. */
  marker(marker: string): boolean
  /** The reply has ended; `rest` may be a partial closing marker, which is ignored. */
  end(rest: string): void
}

/**
 * Reads calls in place of a format's readers. `opening`: the marker or the header that opened it; '' for a bracket at the beginning of the
 * reply.
 */
export type CallProbe = (opening: string, content: ContentHost) => CallReader

/** Receives what turns out to be content: text after a call, or instead of one. */
export interface ContentHost {
  /** A call or a marker follows, so the preceding content is complete. */
  close(): void
  push(text: string): void
}

export const NO_MARKERS: readonly string[] = []
