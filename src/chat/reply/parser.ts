import { checkCount, checkOptions, checkString } from '../../checks.js'
import { describeValue } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import type { StopReason } from '../../session/generation.js'
import type { TokenId } from '../../tokenizer/tokenizer.js'
import { checkKeys } from '../known-keys.js'
import { checkTools, type FunctionTool, type ToolDefinition } from '../tools.js'
import { Calls } from './call.js'
import type { Emit, ReplyEvent, ReplyPart } from './events.js'
import type { ReplyFormat } from './format.js'
import { HarmonyMachine } from './formats/harmony.js'
import { dialectNamed } from './formats/index.js'
import { REASONING_TAGS, type Reread, TurnMachine } from './formats/turn.js'
import type { ReplyMachine } from './machine.js'
import { type FoundMarker, MarkerSet } from './marker-set.js'
import { beginningOf } from './thinking.js'
import type { ThoughtPiece } from './thought-calls.js'

/** A token of a reply. */
export interface ReplyToken {
  readonly id: TokenId
  /** The text that became whole with it, as `generate` gives it. */
  readonly piece: string
  /** Whether it is a control token, whose text is its name. */
  readonly isControl: boolean
}

/** Options of `createReplyParser`. */
export interface ReplyParserOptions {
  /**
   * Tools that may be called: other calls are malformed, and where there are none calls are not looked for. Default:
   * any tool at all.
   */
  readonly tools?: readonly (ToolDefinition | FunctionTool)[]
  /** The prompt has opened the reasoning already. Default false. */
  readonly thinkingOpened?: boolean
  /** What the prompt has of the reply already, if it is more than that. Default ''. */
  readonly prefill?: string
  /** Calls in the conversation so far, so that ids which are made up go on from there. Default 0. */
  readonly firstCall?: number
}

const OPTION_KEYS = { keys: ['tools', 'thinkingOpened', 'prefill', 'firstCall'] }

/** Takes a reply as it comes and tells its parts. */
export interface ReplyParser {
  /** Whether the model thinks now. */
  readonly isReasoning: boolean
  /** The parts that are settled by more of the reply. Text that may be the beginning of a marker waits. */
  push(more: ReplyToken | string): ReplyEvent[]
  /**
   * What was still open when the reply ended, for whatever reason. A call that is whole but for its closing marker
   * counts as whole; one that is not is `incomplete`. Throws `INVALID_ARGUMENT` for a reason that is none.
   */
  end(stopReason?: StopReason): ReplyEvent[]
}

/**
 * A parser of replies in a format. Whatever the model writes, it gives events and never throws; however the reply is
 * cut into pieces, they say the same; each character is looked at a few times at most. Throws `INVALID_ARGUMENT` for
 * bad options.
 */
export function createReplyParser(format: ReplyFormat, options: ReplyParserOptions = {}): ReplyParser {
  const parser = new FramedParser(format, options)
  return {
    get isReasoning() {
      return parser.isReasoning
    },
    push: (more) => visible(parser.push(more)),
    end: (stopReason) => visible(parser.end(stopReason)),
  }
}

/** What callers see: no framing, and separators as the text that they belong to. */
function visible(parts: readonly ReplyPart[]): ReplyEvent[] {
  return parts.flatMap((part): ReplyEvent[] => {
    if (part.type === 'separator') return [{ type: part.of, text: part.text }]
    return part.type === 'framing' ? [] : [part]
  })
}

/** @internal A parser that leaves nothing out: with framing and raw calls, its parts are the reply. */
export class FramedParser {
  readonly #machine: ReplyMachine
  readonly #calls: Calls
  readonly #controls: ReadonlyMap<string, TokenId>
  readonly #controlNames: ReadonlyMap<TokenId, string>
  readonly #sets = new Map<readonly string[], MarkerSet>()
  #parts: ReplyPart[] = []
  /** Text that may be the beginning of a marker. */
  #held = ''

  constructor(format: ReplyFormat, options: ReplyParserOptions) {
    checkOptions(options)
    checkKeys('options', options, OPTION_KEYS)
    const { tools, thinkingOpened = false, prefill = '', firstCall = 0 } = options
    checkCount('firstCall', firstCall, 0, Number.MAX_SAFE_INTEGER)
    checkString('prefill', prefill)
    this.#controls = format.controls
    this.#controlNames = new Map(Array.from(format.controls, ([text, id]) => [id, text]))
    const emit: Emit = (part) => this.#parts.push(part)
    const byName = tools && new Map(checkTools(tools).map((tool) => [tool.function.name, tool.function]))
    this.#calls = new Calls(emit, byName, firstCall)
    this.#machine = machineOf(format, emit, this.#calls, (pieces) =>
      this.#reread({ ...format, reasoning: 'none' }, { tools, firstCall }, pieces),
    )
    if (thinkingOpened) this.#read(beginningOf(format), { inPrompt: true })
    this.#read(prefill, { inPrompt: true })
    this.#settled()
  }

  get isReasoning(): boolean {
    return this.#machine.isReasoning
  }

  push(more: ReplyToken | string): ReplyPart[] {
    if (typeof more === 'string') this.#read(this.#held + more)
    else {
      const { piece, isControl } = more
      const name = isControl ? this.#nameOf(more) : undefined
      if (name === undefined) this.#read(this.#held + piece)
      else {
        // What came before may have ended within a character.
        this.#read(this.#held + piece.slice(0, piece.length - name.length))
        this.#release()
        if (!this.#machine.marker(name, { isControl: true })) this.#literal(name)
      }
    }
    return this.#settled()
  }

  end(stopReason?: StopReason): ReplyPart[] {
    if (stopReason !== undefined && !STOP_REASONS.includes(stopReason)) {
      throw new DasllamaError('INVALID_ARGUMENT', `stopReason: there is no ${describeValue(stopReason)}`)
    }
    this.#calls.isCut = stopReason !== undefined && stopReason !== 'stop'
    this.#machine.end(this.#held)
    this.#held = ''
    return this.#settled()
  }

  /** What pieces of thoughts are if they are read as content. */
  #reread(
    format: ReplyFormat,
    options: ReplyParserOptions,
    pieces: readonly ThoughtPiece[],
  ): readonly ReplyPart[] {
    const parser = new FramedParser(format, options)
    const parts = pieces.flatMap((piece) =>
      parser.push(
        typeof piece === 'string'
          ? piece
          : { id: this.#controls.get(piece.control) ?? -1, piece: piece.control, isControl: true },
      ),
    )
    return [...parts, ...parser.end(this.#calls.isCut ? 'length' : 'stop')]
  }

  #settled(): ReplyPart[] {
    const parts = this.#parts
    this.#parts = []
    return parts
  }

  /** The name of a control token, if its piece has it whole: a stop string may have cut it. */
  #nameOf({ id, piece }: ReplyToken): string | undefined {
    const name = this.#controlNames.get(id)
    return name !== undefined && piece.endsWith(name) ? name : undefined
  }

  /**
   * Text with whatever markers count in it; what may be the beginning of one is held back. `inPrompt`: all of them count,
   * as control tokens, and nothing follows.
   */
  #read(text: string, { inPrompt = false } = {}): void {
    let at = 0
    // What each set has found last: it is looked for anew only when that has been passed.
    const ahead = new Map<MarkerSet, FoundMarker | undefined>()
    while (at < text.length) {
      const { markers } = this.#machine
      const set = inPrompt ? new MarkerSet(markers) : this.#setOf(markers)
      let found = ahead.get(set)
      if (!ahead.has(set) || (found && found.start < at)) {
        found = set.find(text, at)
        ahead.set(set, found)
      }
      const open = inPrompt ? 0 : Math.min(text.length - at, set.undecided(text))
      const end = found ? found.start : text.length - open
      if (end > at) {
        at += this.#machine.text(text.slice(at, end))
        // Other markers may count now, and one that was found may be none.
        if (at < end || this.#machine.markers !== markers) continue
      }
      if (!found) break
      if (!this.#machine.marker(found.marker, { isControl: inPrompt })) this.#literal(found.marker)
      at = found.start + found.marker.length
    }
    this.#held = text.slice(at)
  }

  /** What was held back is text: nothing that it could have been completed by comes. */
  #release(): void {
    const text = this.#held
    this.#held = ''
    this.#literal(text)
  }

  /** Text in which nothing is looked for. */
  #literal(text: string): void {
    for (let at = 0; at < text.length; ) at += this.#machine.text(text.slice(at))
  }

  #setOf(markers: readonly string[]): MarkerSet {
    let set = this.#sets.get(markers)
    if (!set) {
      set = new MarkerSet(markers.filter((marker) => !this.#controls.has(marker)))
      this.#sets.set(markers, set)
    }
    return set
  }
}

const STOP_REASONS: readonly unknown[] = [
  'stop',
  'length',
  'context',
  'abort',
  'callback',
] satisfies StopReason[]

function machineOf(
  { reasoning, tools: dialect }: ReplyFormat,
  emit: Emit,
  calls: Calls,
  reread: Reread,
): ReplyMachine {
  if (reasoning === 'harmony' || dialect === 'harmony') return new HarmonyMachine(emit, calls)
  const tags = reasoning === 'none' ? undefined : REASONING_TAGS[reasoning]
  return new TurnMachine(emit, calls, tags, dialect === 'none' ? undefined : dialectNamed(dialect), reread)
}
