/** A source on the other side of a channel, as plain data. */
export interface SourceDescription {
  /** Its number on that side. */
  readonly number: number
  readonly name: string
  readonly size: number
  readonly version: string | undefined
  readonly isSequential: boolean
  readonly canCheckUnchanged: boolean
  readonly hasSiblings: boolean
}

/** `source.read`: stretches in ascending order. Answered with their bytes, one after another, as one `ArrayBuffer`. */
export interface ReadRequest {
  readonly source: number
  readonly stretches: readonly { readonly offset: number; readonly length: number }[]
}

/** An event of `source.read`, before the reply or the error: a stream has ended, so its size is now known. */
export interface SizeEvent {
  readonly size: number
}

/** `source.checkUnchanged` and `source.close`. */
export interface SourceRequest {
  readonly source: number
}

/** `source.sibling`: answered with a `SourceDescription`. */
export interface SiblingRequest {
  readonly source: number
  readonly fileName: string
}
