import { openModelFile } from '../../src/gguf/open.js'
import { platform } from '../../src/platform/node/platform.js'

/** The minimum work of a token on any engine, without attention. Of experts, those that are used count. */
export interface Work {
  /** Bytes of the weights that one decoded token reads. */
  readonly decodeBytes: number
  /** Multiplications with weights that a prompt's token needs; the output matrix serves the last one only. */
  readonly prefillMacs: number
}

const EMBEDDING = 'token_embd.weight'
const OUTPUT = 'output.weight'

/** Counts it from the tensors of a model file. */
export async function workPerToken(path: string): Promise<Work> {
  const file = await openModelFile(await platform.openPath(path))
  try {
    const isTied = !file.tensors.has(OUTPUT)
    const { metadata } = file
    const architecture = metadata.string('general.architecture')
    const count = (key: string) => metadata.number(`${architecture}.${key}`, 0)
    const usedShare = count('expert_used_count') / (count('expert_count') || 1)
    let decodeBytes = 0
    let prefillMacs = 0
    for (const { name, shape, byteLength } of file.tensors.values()) {
      // One row of the embedding is read; all of it if it is the output matrix as well.
      const share = name.includes('_exps.') ? usedShare : 1
      if (name !== EMBEDDING || isTied) decodeBytes += share * byteLength
      if (shape.length > 1 && name !== EMBEDDING && name !== OUTPUT) {
        prefillMacs += share * shape.reduce((product, size) => product * size)
      }
    }
    return { decodeBytes, prefillMacs }
  } finally {
    await file.close()
  }
}
