import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Metadata } from '../../src/gguf/metadata.js'
import { openGguf } from '../../src/gguf/reader.js'
import { bytesSource } from '../../src/storage/bytes.js'

/** llama.cpp's vocabularies that `createTokenizer` reads, and the one that it does not. */
export const VOCABULARIES = [
  'llama-spm',
  'phi-3',
  'llama-bpe',
  'gpt-2',
  'qwen2',
  'falcon',
  'starcoder',
  'deepseek-coder',
] as const
export const UNSUPPORTED_VOCABULARY = 'bert-bge'

const folder = new URL('../../../shared/vocab/', import.meta.url)

/** The fixtures lie beside the repository; without them the tests that need them are skipped. */
export const haveVocabularies = existsSync(new URL(`ggml-vocab-${VOCABULARIES[0]}.gguf`, folder))
if (!haveVocabularies) console.warn('tokenizer tests: llama.cpp vocabularies not found, skipped')

export function vocabularyPath(name: string): string {
  return fileURLToPath(new URL(`ggml-vocab-${name}.gguf`, folder))
}

export async function vocabularyMetadata(name: string): Promise<Metadata> {
  const path = vocabularyPath(name)
  const file = await openGguf(bytesSource(readFileSync(path), path))
  return file.metadata
}

/** llama.cpp's own inputs and the ids it expects for them, without BOS and with special tokens as plain text. */
export function expectedIds(name: string): { text: string; ids: number[] }[] {
  const path = vocabularyPath(name)
  const texts = readFileSync(`${path}.inp`, 'utf8').split('\n__ggml_vocab_test__\n')
  const lines = readFileSync(`${path}.out`, 'utf8').split('\n')
  return texts.map((text, i) => ({ text, ids: lines[i].split(' ').filter(Boolean).map(Number) }))
}
