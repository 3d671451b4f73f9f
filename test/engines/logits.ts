/** Models of `random-models.ts` in separate Node processes with flags. */
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { KernelBuild } from '../../src/backend/wasm/kernel-builds.js'
import { writeGguf } from '../../src/gguf/writer.js'
import { type ModelCase, randomIds } from '../support/random-models.js'
import { ROOT } from './launch.js'

const PROGRAM = `${ROOT}test/engines/logits.mjs`
const FOLDER = `${ROOT}.cache/engines/models/`

/** More than a batch, then some single ids. */
const PROMPT_LENGTH = 150
const STEPS = 5

export interface Settings {
  readonly kernels: KernelBuild | 'auto'
  readonly threads?: number
  readonly kvType?: string
}

export interface Logits {
  readonly kernels: KernelBuild
  /** f32[vocab] each: after the prompt and after each step. */
  readonly logits: readonly Float32Array[]
}

/** Standard output of a program that runs on the Node at `path`. Rejects if it fails. */
export async function outputOf(path: string, args: readonly string[]): Promise<string> {
  return (await promisify(execFile)(path, args, { maxBuffer: 2 ** 28 })).stdout
}

/** The arguments after the program and its flags. */
export async function logitsArguments(each: ModelCase, settings: Settings): Promise<string[]> {
  const model = `${FOLDER}${each.name.replaceAll('/', '-')}.gguf`
  await mkdir(FOLDER, { recursive: true })
  await writeFile(model, writeGguf(each.parts))
  const ids = randomIds(PROMPT_LENGTH + STEPS, each.vocab, each.name)
  return [PROGRAM, JSON.stringify({ threads: 1, ...settings, model, ids, prompt: PROMPT_LENGTH })]
}

/** The results of the Node at `path` with `flags`. Rejects if it fails. */
export async function logitsIn(
  path: string,
  flags: readonly string[],
  each: ModelCase,
  settings: Settings,
): Promise<Logits> {
  const output = await outputOf(path, [...flags, ...(await logitsArguments(each, settings))])
  const { kernels, logits }: { kernels: KernelBuild; logits: string[] } = JSON.parse(output)
  if (logits.length !== STEPS + 1) throw new Error(`${logits.length} logits`)
  return {
    kernels,
    logits: logits.map((text) => new Float32Array(Uint8Array.from(Buffer.from(text, 'base64')).buffer)),
  }
}
