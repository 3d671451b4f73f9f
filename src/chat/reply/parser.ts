import { checkCount, checkOptions, checkString } from '../../checks.js'
import { describeValue } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import type { StopReason } from '../../session/generation.js'
import type { TokenId } from '../../tokenizer/tokenizer.js'
import { checkKeys } from '../known-keys.js'
import { checkTools, type FunctionTool, type ToolDefinition } from '../tools.js'
import { Calls } from './call.js'
import type { ToolDialect } from './dialect.js'
import type { Emit, ReplyEvent, ReplyPart } from './events.js'
import type { ReplyFormat } from './format.js'
import { HarmonyMachine } from './formats/harmony.js'
import { dialectNamed, SECTIONED_REASONING, SECTIONED_TOOLS } from './formats/index.js'
import { SectionedMachine } from './formats/sectioned.js'
import { type Reread, TurnMachine, tagsOf } from './formats/turn.js'
import type { CallProbe, ReplyMachine } from './machine.js'
import { type FoundMarker, MarkerSet } from './marker-set.js'
import type { SectionStyle } from './sections.js'
import { beginningOf } from './thinking.js'
import type { ThoughtPiece } from './thought-calls.js'

/** A token of a reply. */
export interface ReplyToken {
  /** The token, by which control tokens are recognised. */
  readonly id: TokenId
  /** The text that the token completes, as from `generate`. */
  readonly piece: string
  /** Whether it is a control token, whose piece is its name. */
  readonly isControl: boolean
}

/** Options of `createReplyParser`. */
export interface ReplyParserOptions {
  /**
   * Tools that may be called: other calls are malformed, and with an empty list the parser does not look for calls. Default:
   * any tool.
   */
  readonly tools?: readonly (ToolDefinition | FunctionTool)[]
  /** Whether the prompt has opened the reasoning. Default: false. */
  readonly thinkingOpened?: boolean
  /** The beginning of the reply in the prompt, if it is more than that. Default: ''. */
  readonly prefill?: string
  /** Number of calls in the conversation so far, from which generated ids continue. Default: 0. */
  readonly firstCall?: number
}

const OPTION_KEYS = { keys: ['tools', 'thinkingOpened', 'prefill', 'firstCall'] }

/** An incremental parser of a reply. */
export interface ReplyParser {
  /** Whether the model thinks now. */
  readonly isReasoning: boolean
  /** Parses more of the reply and returns the parts that are certain. Text that may begin a marker is held back. */
  push(more: ReplyToken | string): ReplyEvent[]
  /**
   * Returns what was still pending when the reply ended, for whatever reason. A call that lacks only its closing marker counts
   * as complete; one that lacks more is `incomplete`. Throws `INVALID_ARGUMENT` for an unknown reason.
   */
  end(stopReason?: StopReason): ReplyEvent[]
}

/**
 * Creates a parser of a reply in a format. For any input it returns events and never throws; the events do not depend on how
 * the reply is cut into pieces; it takes linear time. Throws `INVALID_ARGUMENT` for bad options.
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

/** The events for callers: without framing, and with separators as text. */
function visible(parts: readonly ReplyPart[]): ReplyEvent[] {
  return parts.flatMap((part): ReplyEvent[] => {
    if (part.type === 'separator') return [{ type: part.of, text: part.text }]
    return part.type === 'framing' ? [] : [part]
  })
}

/** @internal A parser that omits nothing: its parts, with framing and raw calls, are the whole reply. */
export class FramedParser {
  readonly #machine: ReplyMachine
  readonly #calls: Calls
  readonly #controls: ReadonlyMap<string, TokenId>
  readonly #controlNames: ReadonlyMap<TokenId, string>
  readonly #sets = new Map<readonly string[], MarkerSet>()
  #parts: ReplyPart[] = []
  /** Text that may be the beginning of a marker. */
  #held = ''

  /** `probe`: reads calls instead of the format's readers. */
  constructor(format: ReplyFormat, options: ReplyParserOptions, probe?: CallProbe) {
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
    const reread: Reread = (pieces) =>
      this.#reread({ ...format, reasoning: 'none' }, { tools, firstCall }, pieces)
    this.#machine = machineOf(format, emit, this.#calls, reread, probe)
    if (thinkingOpened) this.#read(beginningOf(format), { inPrompt: true })
    this.#read(prefill, { inPrompt: true })
    this.#settled()
  }

  get isReasoning(): boolean {
    return this.#machine.isReasoning
  }

  /** The header that the model is writing, with what may be the beginning of a marker; `undefined` outside of headers. */
  get header(): string | undefined {
    const { header } = this.#machine
    return header === undefined ? undefined : header + this.#held
  }

  /** Text at the end of the reply so far that may be the beginning of a marker. */
  get held(): string {
    return this.#held
  }

  push(more: ReplyToken | string): ReplyPart[] {
    if (typeof more === 'string') this.#read(this.#held + more)
    else {
      const { piece, isControl } = more
      const name = isControl ? this.#nameOf(more) : undefined
      if (name === undefined) this.#read(this.#held + piece)
      else {
        // The piece may begin with the end of a character of the preceding text.
        this.#read(this.#held + piece.slice(0, piece.length - name.length))
        this.#release()
        if (!this.#machine.marker(name, { isControl: true })) this.#literal(name)
      }
    }
    return this.#settled()
  }

  end(stopReason?: StopReason): ReplyPart[] {
    if (stopReason !== undefined && !STOP_REASONS.includes(stopReason)) {
      throw new DasllamaError('INVALID_ARGUMENT', `stopReason: unknown reason ${describeValue(stopReason)}`)
    }
    this.#calls.isCut = stopReason !== undefined && stopReason !== 'stop'
    this.#machine.end(this.#held)
    this.#held = ''
    return this.#settled()
  }

  /** Parses pieces of the reasoning as content. */
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

  /** The name of a control token, if its piece contains all of it: a stop string may have cut it. */
  #nameOf({ id, piece }: ReplyToken): string | undefined {
    const name = this.#controlNames.get(id)
    return name !== undefined && piece.endsWith(name) ? name : undefined
  }

  /**
   * Reads text with the markers that count in it, and holds back what may be the beginning of one. `inPrompt`: all markers
   * count, as control tokens, and nothing follows.
   */
  #read(text: string, { inPrompt = false } = {}): void {
    let at = 0
    // The last match of each set: a set searches again only when its match has been passed.
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
        // Other markers may count now, and the one that was found may no longer be a marker.
        if (at < end || this.#machine.markers !== markers) continue
      }
      if (!found) break
      if (!this.#machine.marker(found.marker, { isControl: inPrompt })) this.#literal(found.marker)
      at = found.start + found.marker.length
    }
    this.#held = text.slice(at)
  }

  /** What was held back is text, because a control token follows and cannot complete it. */
  #release(): void {
    const text = this.#held
    this.#held = ''
    this.#literal(text)
  }

  /** Reads text without looking for markers. */
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
  { reasoning, tools }: ReplyFormat,
  emit: Emit,
  calls: Calls,
  reread: Reread,
  probe: CallProbe | undefined,
): ReplyMachine {
  if (reasoning === 'harmony' || tools === 'harmony') return new HarmonyMachine(emit, calls, probe)
  const found = dialectNamed(tools)
  const dialect: ToolDialect | undefined = found &&
    probe && { ...found, reader: (_, marker, content) => probe(marker, content) }
  const sectioned =
    SECTIONED_REASONING.find(({ name }) => name === reasoning) ??
    SECTIONED_TOOLS.find(({ name }) => name === tools)
  if (sectioned) {
    const sections = probe ? probed(sectioned.sections, probe) : sectioned.sections
    return new SectionedMachine(emit, calls, sections, dialect ?? found)
  }
  return new TurnMachine(emit, calls, tagsOf(reasoning), dialect ?? found, reread)
}

/** The same sections, in which the probe reads the calls. */
function probed(sections: SectionStyle, probe: CallProbe): SectionStyle {
  return {
    ...sections,
    route: (header, calls) => {
      const route = sections.route(header, calls)
      return typeof route === 'function' ? probe : route
    },
  }
}
