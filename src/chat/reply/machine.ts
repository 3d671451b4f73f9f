/**
 * A format at work: takes text and markers in the order of the reply. Markers are told by whoever looks for them, so
 * that a machine never looks at the same text twice.
 */
export interface ReplyMachine {
  /** What counts as a marker in text now: one of a few constant lists. */
  readonly markers: readonly string[]
  /** Whether the model thinks now. */
  readonly isReasoning: boolean
  /** Takes text without such markers, or a part of it, if then others count; returns how much. */
  text(text: string): number
  /** Takes a marker; false if it says nothing here and is text. */
  marker(marker: string, origin: MarkerOrigin): boolean
  /** The reply has ended; `rest` is what may have become a marker. */
  end(rest: string): void
}

/** Whether a marker came as a control token. */
export interface MarkerOrigin {
  readonly isControl: boolean
}

/** The part of a machine that reads calls, from one marker that opens them to where content may go on. */
export interface CallReader {
  readonly markers: readonly string[]
  /** Content goes on. */
  readonly isOver: boolean
  text(text: string): number
  /** Takes a marker; false if it says nothing here. A reader may be over by a marker that it does not take. */
  marker(marker: string): boolean
  /** The reply has ended; half a closing marker in `rest` does no harm. */
  end(rest: string): void
}

/** Where a reader puts what turns out to be content: text behind a call, or in place of one. */
export interface ContentHost {
  /** A call follows, or a marker: what stood before it is settled. */
  close(): void
  push(text: string): void
}

export const NO_MARKERS: readonly string[] = []
