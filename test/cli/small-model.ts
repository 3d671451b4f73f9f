import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TypedValue } from '../../src/gguf/typed-value.js'
import { SMALL, smallModel } from '../model/small.js'
import type { RandomModelOptions } from '../support/random-model/random-model.js'

/** Writes the small random model of the tests with more metadata, or another architecture or context; returns its path. */
export async function smallModelFile(
  folder: string,
  metadata: Readonly<Record<string, TypedValue>>,
  { context, ...options }: Pick<Partial<RandomModelOptions>, 'architecture'> & { context?: number } = {},
): Promise<string> {
  const file = join(folder, 'model.gguf')
  const shape = { ...SMALL.shape, context: context ?? SMALL.shape.context }
  await writeFile(file, smallModel({ ...options, shape, metadata: Object.entries(metadata) }))
  return file
}
