import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

export const MODEL_PATH = 'models/tiny-stories.Q8_0.gguf'

interface Told {
  promptIds: number[]
  ids: number[]
  text: string
  streamed: string
  stopReason: string
}

/** The result of program.mjs. */
export interface Stories {
  greedy: Told
  sampled: Told
  /** A session saved after twelve tokens: its bytes, and the twelve tokens after them. */
  saved: { bytes: number; sha256: string; ids: number[] }
  /** Embeddings: the beginning of one, and a hash of the bits of three. */
  embedded: { first: number[]; sha256: string }
}

/** Runs program.mjs on the built package in a separate Node process, with which the runtimes are compared. */
export async function storiesInNode(): Promise<Stories> {
  const program = `
    import * as dasllama from './dist/index.js'
    import { tell } from './test/runtimes/program.mjs'
    console.log(JSON.stringify(await tell(dasllama, '${MODEL_PATH}')))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program])
  return JSON.parse(stdout)
}
