import { readFileSync } from 'node:fs'
import type { Metadata } from '../../src/gguf/metadata.js'
import { openGguf } from '../../src/gguf/reader.js'
import { bytesSource } from '../../src/storage/bytes.js'
import { llamaCppModels } from '../support/llama-cpp-models.js'

/** llama.cpp's vocabularies that come with inputs and expected ids. */
export const VOCABULARIES = [
  'llama-spm',
  'phi-3',
  'llama-bpe',
  'gpt-2',
  'qwen2',
  'falcon',
  'starcoder',
  'deepseek-coder',
  'command-r',
  'deepseek-llm',
  'gemma-4',
  'mpt',
  'qwen35',
  'refact',
  'bert-bge',
] as const
/** Vocabularies that normalise text, so that decoding does not give it back. */
export const LOSSY_VOCABULARIES: ReadonlySet<string> = new Set(['bert-bge', 'nomic-bert-moe'])
/** Those without: their ids are compared with the oracle's. */
export const OTHER_VOCABULARIES = ['nomic-bert-moe', 'aquila', 'baichuan', 'gpt-neox'] as const

export function vocabularyPath(name: string): string {
  return llamaCppModels(`ggml-vocab-${name}.gguf`)
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
