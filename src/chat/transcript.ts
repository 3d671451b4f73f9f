import type { TextSegment, TokenId, Tokenizer } from '../tokenizer/tokenizer.js'
import { FROM_TEMPLATE, type Source, type Text } from './jinja/text.js'

/** A stretch of a prompt that the model has generated: its ids are known. */
export interface Pin {
  /** Offsets in the prompt's text. */
  readonly start: number
  readonly end: number
  readonly ids: readonly TokenId[]
}

/** A transcript as plain data. */
export interface TranscriptState {
  readonly text: string
  readonly pins: readonly Pin[]
}

/**
 * The text that the session has, and where in it the model's own words stand. As long as a new prompt begins with the
 * same text, they keep the ids that were generated, which tokenizing the text again might not give.
 */
export class Transcript {
  #state: TranscriptState = { text: '', pins: [] }
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

  /** Those words of the model that a prompt has at the same place. `isModels` says which sources are its own. */
  pinsOf(prompt: Text, isModels: (source: Source) => boolean): Pin[] {
    const { text } = prompt
    const shared = commonPrefix(this.#state.text, text)
    const pins: Pin[] = []
    for (const pin of this.#state.pins) {
      const kept = pin.end <= shared ? pin : this.#cut(pin, shared)
      if (!kept) break
      // What anyone else has written is never taken for the model's words, however much it looks like them.
      const runs = prompt.slice(kept.start, kept.end).runs
      if (!runs.every(({ source }) => source === FROM_TEMPLATE || isModels(source))) break
      pins.push(kept)
      if (kept !== pin) break
    }
    return pins
  }

  /** A prompt is being evaluated. */
  begin(prompt: Text, pins: readonly Pin[]): void {
    this.#state = { text: prompt.text, pins }
  }

  /** The model has gone on with `ids`. */
  append(ids: readonly TokenId[]): void {
    const { text, pins } = this.#state
    const words = textOf(ids, this.#tokenizer)
    if (words.length === 0) return
    const end = text.length + words.length
    this.#state = { text: text + words, pins: [...pins, { start: text.length, end, ids }] }
  }

  /** As much of a pin as ends with a token at or before `limit`. */
  #cut({ start, ids }: Pin, limit: number): Pin | undefined {
    const decoder = this.#tokenizer.createDecoder()
    let at = start
    let count = 0
    let end = start
    for (const [i, id] of ids.entries()) {
      const piece = decoder.push(id)
      at += piece.length
      if (at > limit) break
      // A token that ends within a character has no text yet and is no place to end at.
      if (piece !== '') [count, end] = [i + 1, at]
    }
    return count > 0 ? { start, end, ids: ids.slice(0, count) } : undefined
  }
}

/** The text of generated ids, every space of it. */
export function textOf(ids: readonly TokenId[], tokenizer: Tokenizer): string {
  const decoder = tokenizer.createDecoder()
  let text = ''
  for (const id of ids) text += decoder.push(id)
  return text + decoder.end()
}

/** The ids at the beginning whose text is whole in `text`: not those that spell a stop string behind it. */
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

/** A prompt as segments for the tokenizer: the template's text is trusted, and pins keep their ids. */
export function segmentsOf(prompt: Text, pins: readonly Pin[]): TextSegment[] {
  const segments: TextSegment[] = []
  const addPlain = (start: number, end: number) => {
    for (const { text, source } of prompt.slice(start, end).runs) {
      segments.push({ text, trusted: source === FROM_TEMPLATE })
    }
  }
  let at = 0
  for (const { start, end, ids } of pins) {
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
