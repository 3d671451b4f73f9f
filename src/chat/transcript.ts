import type { TextSegment, TokenId, Tokenizer } from '../tokenizer/tokenizer.js'
import { FROM_TEMPLATE, type Provenance, type Text } from './jinja/text.js'

/** A span of a prompt that the model generated, with its ids. */
export interface TokenSpan {
  /** Offsets in the prompt's text. */
  readonly start: number
  readonly end: number
  readonly ids: readonly TokenId[]
}

/** A transcript as plain data. */
export interface TranscriptState {
  readonly text: string
  readonly spans: readonly TokenSpan[]
}

/**
 * The text that the session has evaluated, and the spans in it that the model generated. As long as a new prompt begins with
 * the same text, these keep their generated ids, which tokenizing the text again might not give.
 */
export class Transcript {
  #state: TranscriptState = { text: '', spans: [] }
  readonly #tokenizer: Tokenizer

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer
  }

  get state(): TranscriptState {
    return this.#state
  }

  set state(state: TranscriptState) {
    this.#state = state
  }

  /** The spans that a prompt has at the same offsets. `isModels`: whether text of this provenance is the model's. */
  spansIn(prompt: Text, isModels: (provenance: Provenance) => boolean): TokenSpan[] {
    const { text } = prompt
    const shared = commonPrefix(this.#state.text, text)
    const spans: TokenSpan[] = []
    for (const span of this.#state.spans) {
      const kept = span.end <= shared ? span : this.#cut(span, shared)
      if (!kept) break
      // Text of any other provenance is never taken for generated text, even if it is the same.
      const runs = prompt.slice(kept.start, kept.end).runs
      if (!runs.every(({ provenance }) => provenance === FROM_TEMPLATE || isModels(provenance))) break
      spans.push(kept)
      if (kept !== span) break
    }
    return spans
  }

  /** The evaluation of a prompt begins. */
  begin(prompt: Text, spans: readonly TokenSpan[]): void {
    this.#state = { text: prompt.text, spans }
  }

  /** The model has generated `ids`. */
  append(ids: readonly TokenId[]): void {
    const { text, spans } = this.#state
    const generated = textOf(ids, this.#tokenizer)
    if (generated.length === 0) return
    const end = text.length + generated.length
    this.#state = { text: text + generated, spans: [...spans, { start: text.length, end, ids }] }
  }

  /** The part of a span that ends with a token at or before `limit`. */
  #cut({ start, ids }: TokenSpan, limit: number): TokenSpan | undefined {
    const decoder = this.#tokenizer.createDecoder()
    let at = start
    let count = 0
    let end = start
    for (const [i, id] of ids.entries()) {
      const piece = decoder.push(id)
      at += piece.length
      if (at > limit) break
      // A token that ends within a character has no text yet, so the span cannot end there.
      if (piece !== '') [count, end] = [i + 1, at]
    }
    return count > 0 ? { start, end, ids: ids.slice(0, count) } : undefined
  }
}

/** The text of generated ids, including leading spaces. */
export function textOf(ids: readonly TokenId[], tokenizer: Tokenizer): string {
  const decoder = tokenizer.createDecoder()
  let text = ''
  for (const id of ids) text += decoder.push(id)
  return text + decoder.end()
}

/** The leading ids whose text is completely within `text`: not those that spell a stop string after it. */
export function idsWithin(ids: readonly TokenId[], text: string, tokenizer: Tokenizer): TokenId[] {
  if (textOf(ids, tokenizer) === text) return [...ids]
  const decoder = tokenizer.createDecoder()
  let length = 0
  let count = 0
  for (const [i, id] of ids.entries()) {
    const piece = decoder.push(id)
    if (!text.startsWith(piece, length)) break
    length += piece.length
    if (piece !== '') count = i + 1
  }
  return ids.slice(0, count)
}

/** A prompt as segments for the tokenizer: text of the template is trusted, and spans keep their ids. */
export function segmentsOf(prompt: Text, spans: readonly TokenSpan[]): TextSegment[] {
  const segments: TextSegment[] = []
  const addPlain = (start: number, end: number) => {
    for (const { text, provenance } of prompt.slice(start, end).runs) {
      segments.push({ text, trusted: provenance === FROM_TEMPLATE })
    }
  }
  let at = 0
  for (const { start, end, ids } of spans) {
    addPlain(at, start)
    segments.push({ text: prompt.text.slice(start, end), trusted: false, ids })
    at = end
  }
  addPlain(at, prompt.length)
  return segments
}

function commonPrefix(a: string, b: string): number {
  const most = Math.min(a.length, b.length)
  let length = 0
  while (length < most && a.charCodeAt(length) === b.charCodeAt(length)) length++
  return length
}
