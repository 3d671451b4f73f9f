import { templateEnds } from './template-ends.js'
import { CONTROL, NORMAL, USER_DEFINED } from './token-attributes.js'
import type { TokenId } from './tokenizer.js'

/** What a search by text needs of a vocabulary, and what it may correct in it. */
interface Tokens {
  readonly idOf: ReadonlyMap<string, TokenId>
  readonly texts: readonly string[]
  readonly attributes: Uint8Array
}

/** Ids that a model file names by role; absent where it names none. */
export interface NamedIds {
  readonly eos?: TokenId
  readonly eot?: TokenId
  readonly eom?: TokenId
  readonly fimPrefix?: TokenId
  readonly fimSuffix?: TokenId
  readonly fimMiddle?: TokenId
  readonly fimPad?: TokenId
  readonly fimRepository?: TokenId
  readonly fimSeparator?: TokenId
}

/** Texts by which llama.cpp finds a role that the file does not name. Source: `llama_vocab::impl::load`. */
const TEXTS_BY_ROLE = {
  eom: ['<|eom_id|>'],
  fimPrefix: [
    '<|fim_prefix|>',
    '<fim-prefix>',
    '<fim_prefix>',
    '<｜fim▁begin｜>',
    '<PRE>',
    '▁<PRE>',
    '<|code_prefix|>',
    '<|prefix|>',
  ],
  fimSuffix: [
    '<|fim_suffix|>',
    '<fim-suffix>',
    '<fim_suffix>',
    '<｜fim▁hole｜>',
    '<SUF>',
    '▁<SUF>',
    '<|code_suffix|>',
    '<|suffix|>',
  ],
  fimMiddle: [
    '<|fim_middle|>',
    '<fim-middle>',
    '<fim_middle>',
    '<｜fim▁end｜>',
    '<MID>',
    '▁<MID>',
    '<|code_middle|>',
    '<|middle|>',
  ],
  fimPad: ['<|fim_pad|>', '<fim-pad>', '<fim_pad>', '<PAD>', '[PAD]'],
  fimRepository: ['<|fim_repo|>', '<|repo_name|>', '<fim-repo>', '<REPO>', '<reponame>'],
  fimSeparator: ['<|file_sep|>'],
} as const satisfies Partial<Record<keyof NamedIds, readonly string[]>>

/** Texts that end a generation in whatever vocabulary they are, end of turn among them. */
const END_TEXTS = [
  '<|eot_id|>',
  '<|im_end|>',
  '<|end|>',
  '<|return|>',
  '<|call|>',
  '<|flush|>',
  '<|calls|>',
  '<end_of_turn>',
  '<|endoftext|>',
  '</s>',
  '<|eom_id|>',
  '<EOT>',
  '_<EOT>',
  '[EOT]',
  '[EOS]',
  '<|end_of_text|>',
  '<end_of_utterance>',
  '<eos>',
  '<turn|>',
  '<|tool_response>',
  '<｜end▁of▁sentence｜>',
  '[e~[',
]

/** Markers of gpt-oss that llama.cpp always writes and always finds. */
const ALWAYS_WRITTEN = ['<|channel|>', '<|message|>', '<|start|>', '<|constrain|>']

/**
 * The ids that end a generation, found as llama.cpp finds them: by the roles that the file names, and by text; where
 * that finds no end of turn, by the chat template too.
 * A token found by its text is made a control token, since many files forget to say so; `attributes` is corrected
 * in place.
 */
export function findEndOfGeneration(tokens: Tokens, named: NamedIds, template: string): Set<TokenId> {
  const { idOf, attributes } = tokens
  const ids = { ...named }
  for (const role of Object.keys(TEXTS_BY_ROLE) as (keyof typeof TEXTS_BY_ROLE)[]) {
    if (ids[role] !== undefined) continue
    const found = TEXTS_BY_ROLE[role].map((text) => idOf.get(text)).find((id) => id !== undefined)
    if (found === undefined) continue
    ids[role] = found
    attributes[found] |= CONTROL
  }

  const ends = new Set<TokenId>()
  for (const id of [ids.fimPad, ids.fimRepository, ids.fimSeparator, ids.eos, ids.eot, ids.eom]) {
    if (id !== undefined) ends.add(id)
  }
  for (const text of END_TEXTS) {
    const id = idOf.get(text)
    if (id === undefined) continue
    ends.add(id)
    attributes[id] |= CONTROL
  }
  for (const text of ALWAYS_WRITTEN) {
    const id = idOf.get(text)
    if (id !== undefined) attributes[id] = USER_DEFINED
  }
  dropFalseEnds(tokens, ends)
  if (ends.size <= (ids.eos === undefined ? 0 : 1)) addTemplateEnds(tokens, ends, template)
  return ends
}

/**
 * A vocabulary of which nothing but EOS is known may have an end of turn of its own: the chat template tells it. Only
 * control and user-defined tokens count, so that no word of a text can end it.
 */
function addTemplateEnds({ idOf, attributes }: Tokens, ends: Set<TokenId>, template: string): void {
  for (const marker of templateEnds(template)) {
    const id = idOf.get(marker)
    if (id !== undefined && (attributes[id] & (CONTROL | USER_DEFINED)) !== 0) ends.add(id)
  }
}

/** Vocabularies in which a text of the list above means something else. */
function dropFalseEnds({ texts, attributes }: Tokens, ends: Set<TokenId>): void {
  const idByText = new Map([...ends].map((id) => [texts[id], id]))
  const has = (text: string) => idByText.has(text)
  const drop = (text: string, attribute: number) => {
    const id = idByText.get(text)
    if (id === undefined) return
    ends.delete(id)
    attributes[id] = attribute
  }
  // In gpt-oss and Solar Open "<|end|>" ends a message, and a turn has several.
  const called = has('<|call|>') || has('<|calls|>')
  if (called && (has('<|return|>') || has('<|flush|>'))) drop('<|end|>', USER_DEFINED)
  // Gemma 4 has "</s>" as a tag of HTML.
  if (has('<|tool_response>')) drop('</s>', NORMAL)
}
