import { describeValue } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import { isObject, type JsonObject } from '../folder.js'

/** The parts of the expressions that split words. */
const CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
const UPPER = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]'
const LOWER = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]'
const BEFORE = '[^\\r\\n\\p{L}\\p{N}]?'
const SPACES = '\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+'

/** Words of any letters. */
const modern = (numbers: string) =>
  `${CONTRACTIONS}|${BEFORE}\\p{L}+|${numbers}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|${SPACES}`

/** Words that begin at a capital letter. */
const cased = (suffix: string, numbers: string) =>
  `${BEFORE}${UPPER}*${LOWER}+${suffix}|${BEFORE}${UPPER}+${LOWER}*${suffix}|${numbers}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|${SPACES}`

/**
 * Names of pre-tokenizers (`tokenizer.ggml.pre`) by what the file's own one does: the expressions of its splits, then `digits` where
 * it separates digits, and `gpt2` where it ends with GPT-2's expression. llama.cpp's converter recognises a tokenizer by a hash of
 * what it does with a text instead; where several names do the same, this one is written.
 */
const NAMES: Readonly<Record<string, string>> = {
  gpt2: 'gpt-2',
  'digits gpt2': 'smollm',
  [modern('\\p{N}{1,3}')]: 'llama-bpe',
  [modern('\\p{N}')]: 'qwen2',
  [cased('', '\\p{N}')]: 'tekken',
  [cased(`${CONTRACTIONS}?`, '\\p{N}{1,3}')]: 'gpt-4o',
}

/** The name for a tokenizer.json with byte-level BPE. Throws `UNSUPPORTED` for a pre-tokenizer without one. */
export function preTokenizerName(tokenizer: JsonObject): string {
  const described = describe(tokenizer.optionalObject('pre_tokenizer')?.values)
  const name = described === undefined ? undefined : NAMES[described]
  if (name !== undefined) return name
  throw new DasllamaError(
    'UNSUPPORTED',
    `${tokenizer.where}: "pre_tokenizer" is not one with a name in GGUF: ${describeValue(tokenizer.get('pre_tokenizer'))}`,
    { hint: 'those of GPT-2, SmolLM, Llama 3, Qwen, Mistral (tekken) and GPT-4o are known' },
  )
}

/** What it does, as the keys above; `undefined` for anything else. */
function describe(value: unknown): string | undefined {
  if (!isObject(value)) return undefined
  switch (value.type) {
    case 'Sequence': {
      const parts = Array.isArray(value.pretokenizers) ? value.pretokenizers.map(describe) : [undefined]
      return parts.includes(undefined) ? undefined : parts.filter((part) => part !== '').join(' ')
    }
    case 'ByteLevel':
      return value.use_regex === false ? '' : 'gpt2'
    case 'Digits':
      return value.individual_digits === true ? 'digits' : undefined
    case 'Split': {
      const { pattern, behavior } = value
      const isPlain = isObject(pattern) && typeof pattern.Regex === 'string' && behavior === 'Isolated'
      return isPlain ? (pattern.Regex as string) : undefined
    }
    default:
      return undefined
  }
}
