import { join } from 'node:path'
import { randomModel } from '../../src/gguf/random-model.js'
import type { TypedValue } from '../../src/gguf/typed-value.js'
import { writeModelFile } from '../support/model-files.js'

/** Writes a random model of a few kilobytes with more metadata; returns its path. */
export async function smallModel(
  folder: string,
  metadata: Readonly<Record<string, TypedValue>>,
  { architecture = 'llama', context = 256 } = {},
): Promise<string> {
  const file = join(folder, 'model.gguf')
  const shape = { embed: 32, layers: 1, heads: 1, feedForward: 32, vocab: 400, context }
  const entries = Object.entries(metadata)
  await writeModelFile(file, randomModel({ shape, format: 'F32', architecture, metadata: entries }))
  return file
}
