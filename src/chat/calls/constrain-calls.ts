import { DasllamaError } from '../../errors.js'
import { BoundedCache } from '../../grammar/bounded-cache.js'
import { type CompiledGrammar, compileGrammar } from '../../grammar/compiled-grammar.js'
import type { ResponseFormat } from '../../grammar/format.js'
import { choice, type Grammar, type Node, rule, sequence } from '../../grammar/grammar.js'
import { responseGrammar } from '../../grammar/response-format.js'
import { rewritten, withoutTags } from '../../grammar/rewritten.js'
import { trieOf } from '../../grammar/token-trie.js'
import type { TokenId, Tokenizer } from '../../tokenizer/tokenizer.js'
import type { ReplyFormat } from '../reply/format.js'
import { dialectNamed } from '../reply/formats/index.js'
import { tagsOf } from '../reply/formats/turn.js'
import { beginningOf } from '../reply/thinking.js'
import type { FunctionTool } from '../tools.js'
import { CallConstraint, type CompiledCalls } from './call-constraint.js'
import { HeaderNames } from './header-names.js'
import { type CallGrammars, callGrammars } from './reply-grammar.js'
import { TokenSet } from './token-set.js'
import { CallWriter, type Controls } from './writer.js'

/** What a reply may be. */
export interface CallRules {
  readonly format: ReplyFormat
  /** The tools that may be called. */
  readonly tools: readonly FunctionTool[]
  /** Whether the reply must be a call or, with a format, a text in that format. */
  readonly isForced: boolean
  /** Whether at most one tool may be called. */
  readonly isSingle: boolean
  /** The format of a reply that is not a call. */
  readonly responseFormat: ResponseFormat | undefined
  /** Whether the model may open its reasoning. */
  readonly mayThink: boolean
  /** The beginning of the reply that is in the prompt. */
  readonly prefill: string
  /** Is called with what is wrong with a schema that cannot be enforced, unless the reply is forced. */
  readonly onUnenforced: (error: DasllamaError) => void
}

/** Grammars per tokenizer. */
const CACHED = 16
const caches = new WeakMap<Tokenizer, BoundedCache<CompiledCalls, string>>()

/**
 * The constraint of a reply with tools. Throws `INVALID_ARGUMENT`, `UNSUPPORTED` or `LIMIT` if the schemas of tools or of the format
 * cannot be enforced in a reply that must follow them; otherwise such a schema leaves calls unconstrained.
 */
export function constrainCalls(tokenizer: Tokenizer, rules: CallRules): CallConstraint {
  const { format, tools, prefill, isSingle, isForced } = rules
  const controls: Controls = { ids: format.controls, ends: tokenizer.endOfGeneration }
  const compiled = compiledOnce(tokenizer, rules, controls)
  if (!isForced) compiled.entry()
  return new CallConstraint({
    tokenizer,
    format,
    controls,
    tools,
    parser: { prefill },
    compiled,
    opens: opensOf(format),
    closes: closesOf(format),
    isSingle,
  })
}

function compiledOnce(tokenizer: Tokenizer, rules: CallRules, controls: Controls): CompiledCalls {
  let cache = caches.get(tokenizer)
  if (!cache) {
    cache = new BoundedCache(CACHED)
    caches.set(tokenizer, cache)
  }
  const { reasoning, tools } = rules.format
  const { prefill: _, format: __, onUnenforced: ___, ...others } = rules
  const key = JSON.stringify([reasoning, tools, others])
  return cache.get(key, () => compile(tokenizer, rules, controls))
}

function compile(tokenizer: Tokenizer, rules: CallRules, controls: Controls): CompiledCalls {
  const { format, tools, isForced, isSingle, responseFormat, onUnenforced } = rules
  const once = <T>(make: () => T) => {
    let made: { readonly value: T } | undefined
    return () => {
      made ??= { value: make() }
      return made.value
    }
  }
  const grammars = once(() =>
    callGrammars(
      format,
      tools.map((tool) => tool.function),
      controls,
      isForced && !responseFormat ? { isSingle } : { isSingle, onUnenforced },
    ),
  )
  const writer = new CallWriter([], controls, { isSingle })
  const forced = isForced ? withFormat(grammars(), responseFormat) : undefined
  const open = beginningOf(format)
  const thoughts = rules.mayThink && open !== '' ? writer.marked(open) : undefined
  const after = new Map<string, CompiledGrammar>()
  const compiled: CompiledCalls = {
    entry: once(() => {
      try {
        return compileGrammar(tokenizer, grammars().entry)
      } catch (error) {
        if (isForced || !(error instanceof DasllamaError)) throw error
        onUnenforced(error)
        return undefined
      }
    }),
    forced:
      forced &&
      compileGrammar(tokenizer, thoughts ? preceded(forced, (all) => choice([thoughts, all])) : forced),
    forcedAfter: (marker) => {
      const known =
        after.get(marker) ??
        compileGrammar(
          tokenizer,
          preceded(forced!, (all) => sequence([writer.marked(marker), all])),
        )
      after.set(marker, known)
      return known
    },
    refused: once(() => refusedTokens(tokenizer, rules, compiled)),
    names: once(
      () =>
        compiled.entry() &&
        HeaderNames.of(format, tokenizer, new CallWriter(grammars().tools, controls, { isSingle })),
    ),
  }
  return compiled
}

/** See `CompiledCalls.refused`. */
function refusedTokens(
  tokenizer: Tokenizer,
  { format, isForced }: CallRules,
  compiled: CompiledCalls,
): TokenSet {
  const refused = new TokenSet(tokenizer.vocabSize)
  const add = (markers: readonly string[], grammarAfter: (marker: string) => CompiledGrammar | undefined) => {
    for (const marker of markers.filter((each) => !format.controls.has(each))) {
      const bytes = new TextEncoder().encode(marker)
      const ids = trieOf(tokenizer).around(bytes)
      if (ids.length === 0) continue
      const grammar = grammarAfter(marker)
      const mayFollow = (id: TokenId) => {
        const piece = tokenizer.pieceBytes(id)
        return grammar?.matcher().read(piece.subarray(indexOf(piece, bytes))) !== false
      }
      refused.addAll(ids.filter((id) => !mayFollow(id)))
    }
  }
  add(opensOf(format), () => compiled.entry())
  if (isForced) add(closesOf(format), (marker) => compiled.forcedAfter(marker))
  return refused
}

/** Where some bytes stand in others that contain them. */
function indexOf(bytes: Uint8Array, part: Uint8Array): number {
  let at = 0
  while (part.some((byte, i) => bytes[at + i] !== byte)) at++
  return at
}

/** Calls, or a text in a format. */
function withFormat({ forced }: CallGrammars, format: ResponseFormat | undefined): Grammar {
  const other = format && responseGrammar(format)
  if (!other) return forced
  // A text in the format must not look like a call.
  const { rules } = rewritten('format ', other.rules, format.type === 'grammar' ? undefined : withoutTags)
  return preceded({ ...forced, rules: new Map([...forced.rules, ...rules]) }, (all) =>
    choice([all, rule(`format ${other.root}`)]),
  )
}

function preceded({ rules, root }: Grammar, with_: (all: Node) => Node): Grammar {
  const name = `${root}*`
  return { rules: new Map(rules).set(name, with_(rule(root))), root: name }
}

/** The markers that open a call. */
function opensOf({ tools }: ReplyFormat): readonly string[] {
  return dialectNamed(tools)?.opens ?? []
}

/** The markers that end the reasoning of a format. */
function closesOf({ reasoning }: ReplyFormat): readonly string[] {
  const tags = tagsOf(reasoning)
  if (tags) return [tags.close, ...(tags.answer ?? [])]
  return SECTION_ENDS[reasoning] ?? []
}

const SECTION_ENDS: Readonly<Record<string, readonly string[]>> = {
  harmony: ['<|end|>'],
  solar: ['<|end|>'],
  atem: ['<|eom|>'],
  'kimi-k3': ['<|close|>think<|sep|>'],
}
