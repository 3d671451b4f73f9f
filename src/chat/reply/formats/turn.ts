import type { Calls } from '../call.js'
import type { ToolDialect } from '../dialect.js'
import type { Emit, ReplyPart } from '../events.js'
import { type CallReader, type MarkerOrigin, NO_MARKERS, type ReplyMachine } from '../machine.js'
import { isSpace, TextChannel } from '../text-channel.js'
import { ThoughtCalls, type ThoughtPiece, wholeCalls } from '../thought-calls.js'

/** Markers around a model's reasoning. */
export interface ReasoningTags {
  readonly open: string
  readonly close: string
  /** A label after the opening marker that is not part of the reasoning. */
  readonly label?: string
  /** Markers that open the answer, which also end the reasoning. */
  readonly answer?: readonly string[]
  /** Markers that close the answer. */
  readonly answerEnd?: readonly string[]
}

export const REASONING_TAGS = {
  /** DeepSeek-R1, Qwen3, SmolLM3 and many others. */
  think: { open: '<think>', close: '</think>' },
  /** Magistral. */
  'think-brackets': { open: '[THINK]', close: '[/THINK]' },
  /** Gemma 4, whose channels have names. */
  gemma: { open: '<|channel>', close: '<channel|>', label: 'thought\n' },
  /** Apertus. */
  apertus: { open: '<|inner_prefix|>', close: '<|inner_suffix|>' },
  /** Command R7B, Command A Reasoning. */
  cohere: {
    open: '<|START_THINKING|>',
    close: '<|END_THINKING|>',
    answer: ['<|START_RESPONSE|>', '<|START_TEXT|>'],
    answerEnd: ['<|END_RESPONSE|>', '<|END_TEXT|>'],
  },
  /** Seed-OSS. */
  seed: { open: '<seed:think>', close: '</seed:think>' },
  /** MiniMax M3. */
  minimax: { open: '<mm:think>', close: '</mm:think>' },
  /** Hunyuan 3. */
  hunyuan: { open: '<think:opensource>', close: '</think:opensource>' },
  /** Apriel, which reasons in plain text. */
  apriel: {
    open: 'Here are my reasoning steps:',
    close: '[BEGIN FINAL RESPONSE]',
    answerEnd: ['[END FINAL RESPONSE]'],
  },
} as const satisfies Record<string, ReasoningTags>

/** The markers of a format of reasoning; `undefined` if it has none, or sections. */
export function tagsOf(reasoning: string): ReasoningTags | undefined {
  return Object.hasOwn(REASONING_TAGS, reasoning)
    ? REASONING_TAGS[reasoning as keyof typeof REASONING_TAGS]
    : undefined
}

/** Parses pieces of a reply as content. */
export type Reread = (pieces: readonly ThoughtPiece[]) => readonly ReplyPart[]

/**
 * A reply of one turn: optional reasoning, then content, then optional calls. Markers of reasoning that are plain text count
 * only before there is content, because later they are more likely mentioned than meant. The same applies to a closing
 * marker without an opening one.
 */
export class TurnMachine implements ReplyMachine {
  readonly #emit: Emit
  readonly #calls: Calls
  readonly #tags: ReasoningTags | undefined
  readonly #dialect: ToolDialect | undefined
  readonly #content: TextChannel
  readonly #reasoning: TextChannel | undefined
  readonly #atStart: readonly string[]
  readonly #inReasoning: readonly string[]
  readonly #inContent: readonly string[]
  readonly #afterThoughts: readonly string[]
  /** Markers around the answer. */
  readonly #answer: readonly string[]
  readonly #answerEnd: readonly string[]
  #thinks = false
  /** Text that may be the label after the marker. */
  #label: string | undefined
  #reader: CallReader | undefined
  /** Reasoning from a marker that opens a call: a call in it counts only if the reasoning never ends. */
  #pending: ThoughtCalls | undefined
  readonly #reread: Reread

  /** `reread`: parses pieces as the content of a reply with the same calls. */
  constructor(
    emit: Emit,
    calls: Calls,
    tags: ReasoningTags | undefined,
    dialect: ToolDialect | undefined,
    reread: Reread,
  ) {
    this.#emit = emit
    this.#calls = calls
    this.#tags = tags
    this.#dialect = calls.isEnabled ? dialect : undefined
    this.#content = new TextChannel(emit, 'content')
    this.#reasoning = tags && new TextChannel(emit, 'reasoning', { afterMarker: true })
    const opens = this.#dialect?.opens ?? NO_MARKERS
    this.#answer = tags?.answer ?? NO_MARKERS
    this.#answerEnd = tags?.answerEnd ?? NO_MARKERS
    this.#inContent = [...this.#answer, ...this.#answerEnd, ...opens]
    this.#atStart = tags ? [tags.open, tags.close, ...this.#inContent] : opens
    this.#reread = reread
    this.#afterThoughts = tags ? [tags.close, ...this.#answer] : NO_MARKERS
    this.#inReasoning = [...this.#afterThoughts, ...opens]
  }

  get isReasoning(): boolean {
    return this.#thinks
  }

  get markers(): readonly string[] {
    if (this.#reader) return this.#reader.markers
    if (this.#thinks) return this.#pending ? this.#afterThoughts : this.#inReasoning
    return this.#content.isEmpty ? this.#atStart : this.#inContent
  }

  text(text: string): number {
    if (this.#reader) {
      const read = this.#reader.text(text)
      if (this.#reader.isOver) this.#reader = undefined
      return read
    }
    if (this.#thinks) {
      this.#think(text)
      return text.length
    }
    if (this.#dialect?.isBare && this.#content.isEmpty) {
      let spaces = 0
      while (spaces < text.length && isSpace(text.charCodeAt(spaces))) spaces++
      if (spaces > 0) {
        this.#content.push(text.slice(0, spaces))
        return spaces
      }
      if (text[0] === '{' || text[0] === '[') {
        this.#reader = this.#dialect.reader(this.#calls, '', this.#content)
        return 0
      }
    }
    this.#content.push(text)
    return text.length
  }

  marker(marker: string, { isControl }: MarkerOrigin): boolean {
    if (this.#reader) {
      const isTaken = this.#reader.marker(marker)
      if (this.#reader.isOver) this.#reader = undefined
      if (isTaken || this.#reader) return isTaken
    }
    if (this.#thinks) {
      if (!this.#afterThoughts.includes(marker)) return this.#markerInThoughts(marker, { isControl })
      this.#endLabel()
      this.#endPending()
      this.#reasoning?.close()
      this.#frame(marker)
      this.#thinks = false
      return true
    }
    const counts = isControl || this.#content.isEmpty
    if (marker === this.#tags?.open && counts) {
      this.#content.close()
      this.#frame(marker)
      this.#thinks = true
      this.#label = this.#tags.label && ''
      return true
    }
    if ((marker === this.#tags?.close && counts) || this.#frames(marker)) {
      this.#content.close()
      this.#frame(marker)
      return true
    }
    if (!this.#dialect?.opens.includes(marker)) return false
    this.#content.close()
    this.#reader = this.#dialect.reader(this.#calls, marker, this.#content)
    return true
  }

  end(rest: string): void {
    if (this.#reader) this.#reader.end(rest)
    else for (let at = 0; at < rest.length; ) at += this.text(rest.slice(at))
    this.#reader = undefined
    this.#endLabel()
    if (this.#pending) this.#takePending()
    if (this.#thinks) this.#reasoning?.end()
    this.#content.end()
  }

  /** Whether the marker opens or closes the answer. */
  #frames(marker: string): boolean {
    return this.#answer.includes(marker) || this.#answerEnd.includes(marker)
  }

  /** A call may begin within the reasoning. */
  #markerInThoughts(marker: string, { isControl }: MarkerOrigin): boolean {
    if (!this.#pending) {
      if (!this.#dialect?.opens.includes(marker)) return false
      this.#endLabel()
      this.#pending = new ThoughtCalls()
    } else if (!isControl) return false
    this.#pending.add(isControl ? { control: marker } : marker)
    return true
  }

  /** The reasoning continued or ended, so what looked like a call is part of it. */
  #endPending(): void {
    const text = this.#pending?.text
    this.#pending = undefined
    if (text) this.#reasoning?.push(text)
  }

  /** The reply ended within the reasoning: complete calls in it count, everything else stays reasoning. */
  #takePending(): void {
    const parts = wholeCalls(this.#reread(this.#pending?.pieces ?? []), this.#calls)
    if (!parts) {
      this.#endPending()
      return
    }
    this.#pending = undefined
    for (const part of parts) {
      if (part.type === 'content') this.#reasoning?.push(part.text)
      else {
        this.#reasoning?.close()
        this.#emit(part)
      }
    }
  }

  #think(text: string): void {
    if (this.#pending) {
      this.#pending.add(text)
      if (this.#pending.isTooLong) this.#endPending()
      return
    }
    const label = this.#tags?.label
    if (this.#label === undefined || label === undefined) {
      this.#reasoning?.push(text)
      return
    }
    this.#label += text
    if (label.startsWith(this.#label)) return
    if (this.#label.startsWith(label)) {
      const rest = this.#label.slice(label.length)
      this.#label = undefined
      this.#frame(label)
      if (rest !== '') this.#reasoning?.push(rest)
    } else this.#endLabel()
  }

  /** The text so far is not the label, or it is the label without its line break. */
  #endLabel(): void {
    const text = this.#label
    this.#label = undefined
    if (!text) return
    if (this.#tags?.label?.trim() === text.trim()) this.#frame(text)
    else this.#reasoning?.push(text)
  }

  #frame(text: string): void {
    this.#emit({ type: 'framing', text })
  }
}
