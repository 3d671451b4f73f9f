import type { ReplyEvent } from '../../index.js'
import type { Content, StreamPart, ToolCallPart } from '../specification.js'

/** The parts of a stream that come from the reply itself. */
export type BlockPart = Exclude<
  StreamPart<'v3'>,
  { type: 'stream-start' | 'response-metadata' | 'finish' | 'error' }
>

type BlockKind = 'text' | 'reasoning'

/** Writes a reply's events as blocks with ids: one block after the other, each opened and closed. */
export class Blocks {
  #open: { readonly kind: BlockKind; readonly id: string } | undefined
  #blocks = 0
  /** Whether the content so far ends with a visible character. */
  #endsVisibly = false
  /** The id of the call that has begun. */
  #call: string | undefined;

  /** The parts of an event. */
  *take(event: ReplyEvent): Generator<BlockPart> {
    switch (event.type) {
      case 'reasoning':
        yield* this.#write('reasoning', event.text)
        break
      case 'content':
        yield* this.#write('text', event.text)
        break
      case 'malformed-tool-call':
        yield* this.#endInput()
        // As in the reply's content: on a line of its own.
        yield* this.#write('text', (this.#endsVisibly ? '\n' : '') + event.text)
        break
      case 'tool-call-start':
        yield* this.end()
        this.#call = event.id
        yield { type: 'tool-input-start', id: event.id, toolName: event.name }
        break
      case 'tool-call-delta':
        if (event.argumentsText !== '') {
          yield { type: 'tool-input-delta', id: this.#call!, delta: event.argumentsText }
        }
        break
      case 'tool-call': {
        yield* this.#endInput()
        const { id, name, arguments: given } = event.call
        yield { type: 'tool-call', toolCallId: id, toolName: name, input: JSON.stringify(given) }
      }
    }
  }

  /** Closes the open block. */
  *end(): Generator<BlockPart> {
    if (!this.#open) return
    const { kind, id } = this.#open
    this.#open = undefined
    yield { type: `${kind}-end`, id }
  }

  /** Closes what is open when a reply has ended. */
  *finish(): Generator<BlockPart> {
    yield* this.end()
    yield* this.#endInput()
  }

  *#write(kind: BlockKind, text: string): Generator<BlockPart> {
    if (text === '') return
    if (kind === 'text') this.#endsVisibly = /\S$/.test(text)
    if (this.#open?.kind !== kind) {
      yield* this.end()
      const id = `${kind}-${this.#blocks++}`
      this.#open = { kind, id }
      yield { type: `${kind}-start`, id }
    }
    yield { type: `${kind}-delta`, id: this.#open.id, delta: text }
  }

  *#endInput(): Generator<BlockPart> {
    if (this.#call === undefined) return
    const id = this.#call
    this.#call = undefined
    yield { type: 'tool-input-end', id }
  }
}

/** Puts the parts of a stream together. */
export class WholeContent {
  readonly content: Content[] = []
  #block: { type: BlockKind; text: string } | undefined

  add(part: BlockPart): void {
    switch (part.type) {
      case 'text-start':
      case 'reasoning-start':
        this.#block = { type: part.type === 'text-start' ? 'text' : 'reasoning', text: '' }
        this.content.push(this.#block)
        break
      case 'text-delta':
      case 'reasoning-delta':
        this.#block!.text += part.delta
        break
      case 'tool-call':
        this.content.push(part satisfies ToolCallPart)
    }
  }
}
