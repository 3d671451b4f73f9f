import { describeValue } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import { pacer } from '../../platform/pacer.js'
import type { TokenId, Tokenizer } from '../../tokenizer/tokenizer.js'

/** Vocabularies of the same kind are padded to different lengths; as many tokens more or fewer as in llama.cpp. */
const MAX_DIFFERENCE = 128
/** The first ids, control tokens mostly, may have other names; as in llama.cpp. */
const FIRST_COMPARED: TokenId = 5

/** Pairs that have been compared, and can draft for each other. */
const compared = /* @__PURE__ */ new WeakMap<Tokenizer, WeakSet<Tokenizer>>()

/**
 * Checks that ids of a draft model mean the same in the model that it drafts for. Rejects with `MISMATCH`, naming the first
 * difference, or with the signal's reason.
 */
export async function checkVocabularies(
  target: Tokenizer,
  draft: Tokenizer,
  signal: AbortSignal,
): Promise<void> {
  if (target === draft || compared.get(target)?.has(draft)) return
  const difference = differentSettings(target, draft) ?? (await differentToken(target, draft, signal))
  if (difference !== undefined) {
    throw new DasllamaError(
      'MISMATCH',
      `the draft model has another vocabulary than the model that it drafts for: ${difference}`,
      { hint: 'use a smaller model of the same family, made from the same tokenizer' },
    )
  }
  const checked = compared.get(target) ?? new WeakSet()
  compared.set(target, checked.add(draft))
}

function differentSettings(target: Tokenizer, draft: Tokenizer): string | undefined {
  if (Math.abs(target.vocabSize - draft.vocabSize) > MAX_DIFFERENCE) {
    return `${draft.vocabSize} tokens instead of ${target.vocabSize} (${MAX_DIFFERENCE} more or fewer are accepted)`
  }
  for (const [name, adds, id] of [
    ['BOS', 'addsBos', 'bosId'],
    ['EOS', 'addsEos', 'eosId'],
  ] as const) {
    if (target[adds] !== draft[adds]) {
      return `texts ${draft[adds] ? 'get' : 'do not get'} ${name}, and there they ${target[adds] ? 'do' : 'do not'}`
    }
    if (target[adds] && target[id] !== draft[id]) {
      return `${name} is ${draft[id] ?? 'missing'} instead of ${target[id] ?? 'missing'}`
    }
  }
  return undefined
}

async function differentToken(
  target: Tokenizer,
  draft: Tokenizer,
  signal: AbortSignal,
): Promise<string | undefined> {
  const count = Math.min(target.vocabSize, draft.vocabSize)
  for (let id = FIRST_COMPARED; id < count; id++) {
    if (id % 1024 === 0) await pacer.yieldIfDue(signal)
    if (isSame(target.pieceBytes(id), draft.pieceBytes(id))) continue
    const [mine, other] = [target, draft].map((tokenizer) => describeValue(tokenizer.piece(id)))
    return `token ${id} is ${other} instead of ${mine}`
  }
  return undefined
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
