/** What the parts of a reply are told as, in the order of the reply. */

/** A whole call that a model has made. Fits a message's `toolCalls`. */
export interface ParsedToolCall {
  /** The model's own where the format has ids, otherwise nine letters and digits, counted up within a conversation. */
  readonly id: string
  readonly name: string
  readonly arguments: Readonly<Record<string, unknown>>
  /** The text that it was, markers included. */
  readonly raw: string
}

/**
 * Why a text that looks like a call is none: no JSON (or what the format has in its place), JSON that is no call, a tool
 * that is not among the given ones, arguments that are no object, a reply that ended within it, or a named limit.
 */
export type MalformedReason =
  | 'invalid-json'
  | 'not-a-call'
  | 'unknown-tool'
  | 'arguments-not-object'
  | 'incomplete'
  | 'too-long'

/** A part of a reply, or a piece of one, as soon as it is known what it belongs to. */
export type ReplyEvent =
  /** What the model thinks before it answers; white space next to the markers is left out, but for one line break. */
  | { readonly type: 'reasoning'; readonly text: string }
  /** What it says. */
  | { readonly type: 'content'; readonly text: string }
  /** A call of a known tool has begun. `index` counts the calls of the reply. */
  | { readonly type: 'tool-call-start'; readonly index: number; readonly name: string }
  /** More of the arguments of the call begun last; together they are JSON of an object, if the call comes to its end. */
  | { readonly type: 'tool-call-delta'; readonly index: number; readonly argumentsText: string }
  | {
      readonly type: 'tool-call'
      readonly index: number
      readonly call: ParsedToolCall
      /** Where the arguments are not as the tool's definition has them; see `checkArguments`. Absent where they are. */
      readonly problems?: readonly string[]
    }
  | {
      readonly type: 'malformed-tool-call'
      /** All of it, markers included. */
      readonly text: string
      readonly reason: MalformedReason
      /** Set if the call had begun. */
      readonly index?: number
    }

/** Text that only frames the parts: markers, names of channels, white space next to markers. */
export interface Framing {
  readonly type: 'framing'
  readonly text: string
}

/**
 * A line break that is not in the reply: it keeps two texts of one kind apart that had a call, thoughts or a header between
 * them. Callers see it as a part of the text behind it.
 */
export interface Separator {
  readonly type: 'separator'
  readonly of: 'reasoning' | 'content'
  readonly text: string
}

export type ReplyPart = ReplyEvent | Framing | Separator

/** Takes the parts of a reply as they are found. All texts but separators, framing and raw calls together are the reply. */
export type Emit = (part: ReplyPart) => void
