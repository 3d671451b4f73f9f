import { chatLogprobs, tokenLogprob } from '../reply/token-logprobs.js'
import type { Completions } from '../service/completions.js'
import type { ServedModel } from '../service/models.js'
import type { Replies } from '../service/replies.js'
import { CallCollector } from './call-collector.js'
import type { Stopwatch } from './stopwatch.js'

/** What a reply has more, or all of it. */
export interface Piece {
  readonly thinking: string
  readonly content: string
  /** Complete calls of tools. */
  readonly calls: readonly object[]
  /** Of the tokens of the content, if they are wanted. */
  readonly logprobs: readonly object[]
}

/** A piece as it is written; `done_reason` is set in the last one. */
export interface WrittenPiece extends Piece {
  readonly done_reason?: 'stop' | 'length'
}

export const NOTHING: Piece = { thinking: '', content: '', calls: [], logprobs: [] }

interface Writing<Source> {
  readonly served: ServedModel
  readonly watch: Stopwatch
  readonly source: Source
}

/** The pieces of a reply in a chat. */
export async function* replyPieces({
  served: { model },
  watch,
  source: replies,
}: Writing<Replies>): AsyncGenerator<WrittenPiece> {
  const calls = new CallCollector()
  for await (const part of replies.parts()) {
    watch.token()
    yield {
      thinking: part.reasoning,
      content: part.content,
      calls: calls.take(part.calls),
      logprobs: chatLogprobs(part.tokens, model).content,
      ...(part.finish && { done_reason: part.finish === 'length' ? 'length' : 'stop' }),
    }
  }
}

/** The pieces of a text without a chat. */
export async function* textPieces({
  served: { model },
  watch,
  source: texts,
}: Writing<Completions>): AsyncGenerator<WrittenPiece> {
  for await (const { text, tokens, finish } of texts.parts()) {
    watch.token()
    yield {
      ...NOTHING,
      content: text,
      logprobs: tokens.flatMap(({ id, logprob, top }) => {
        return logprob === undefined || !top ? [] : [tokenLogprob({ id, logprob, top }, model)]
      }),
      ...(finish && { done_reason: finish === 'length' ? 'length' : 'stop' }),
    }
  }
}

/** Pieces put together. */
export class WholePiece implements Piece {
  thinking = ''
  content = ''
  readonly calls: object[] = []
  readonly logprobs: object[] = []

  add({ thinking, content, calls, logprobs }: Piece): void {
    this.thinking += thinking
    this.content += content
    this.calls.push(...calls)
    this.logprobs.push(...logprobs)
  }
}

export function isEmpty({ thinking, content, calls, logprobs }: Piece): boolean {
  return thinking === '' && content === '' && calls.length === 0 && logprobs.length === 0
}
