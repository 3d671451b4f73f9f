/** The events of a reply, in its order. */

/** A complete call of the model. May be used in a message's `toolCalls`. */
export interface ParsedToolCall {
  /**
   * The model's own id if the format has ids before names, otherwise nine letters and digits, counted within the conversation.
   */
  readonly id: string
  /** The tool's name. */
  readonly name: string
  /** The arguments, parsed. */
  readonly arguments: Readonly<Record<string, unknown>>
  /** Its text in the reply, including markers. */
  readonly raw: string
}

/**
 * Why a text that looks like a call is not a valid one: not JSON (or what the format has instead), JSON that is not a call, a
 * tool that is not among the given ones, arguments that are not an object, a reply that ended within it, or a limit.
 */
export type MalformedReason =
  | 'invalid-json'
  | 'not-a-call'
  | 'unknown-tool'
  | 'arguments-not-object'
  | 'incomplete'
  | 'too-long'

/** A part of a reply, or a piece of one, as soon as its type is certain. */
export type ReplyEvent =
  /** The model's reasoning, without the white space next to the markers except one line break. */
  | { readonly type: 'reasoning'; readonly text: string }
  /** Content. */
  | { readonly type: 'content'; readonly text: string }
  /** A call of a known tool has begun. `index` counts the calls of the reply; `id` is the one of the complete call. */
  | { readonly type: 'tool-call-start'; readonly index: number; readonly id: string; readonly name: string }
  /** More of the arguments of the current call; together they are the JSON of an object, if the call is completed. */
  | { readonly type: 'tool-call-delta'; readonly index: number; readonly argumentsText: string }
  | {
      readonly type: 'tool-call'
      readonly index: number
      readonly call: ParsedToolCall
      /** Where the arguments do not match the tool's definition; see `checkArguments`. Absent if they match. */
      readonly problems?: readonly string[]
    }
  | {
      readonly type: 'malformed-tool-call'
      /** The whole text, including markers. */
      readonly text: string
      readonly reason: MalformedReason
      /** Set if the call had begun. */
      readonly index?: number
    }

/** Text between the parts: markers, names of channels, white space next to markers. */
export interface Framing {
  readonly type: 'framing'
  readonly text: string
}

/**
 * A line break that is not in the reply: it separates two texts of one type that had a call, reasoning or a header between
 * them. Callers see it as part of the following text.
 */
export interface Separator {
  readonly type: 'separator'
  readonly of: 'reasoning' | 'content'
  readonly text: string
}

export type ReplyPart = ReplyEvent | Framing | Separator

/** Receives the parts of a reply. The texts, framing and raw calls together, without separators, are the reply. */
export type Emit = (part: ReplyPart) => void
