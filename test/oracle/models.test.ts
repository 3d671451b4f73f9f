import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../src/index.js'
import { FAMILY_CASES } from '../support/family-models/index.js'
import { temporaryFolder, writeModelFile } from '../support/model-files.js'
import { FORMAT_CASES, type ModelCase, randomIds, VARIANTS } from '../support/random-models.js'
import { follow, together } from './follow.js'
import { LlamaCpp, type OracleStep } from './llama-cpp.js'

/** More than a batch of 64; then a prompt short enough for the decode path. */
const PROMPT_LENGTHS = [75, 3]
const STEPS = 32

let oracle: LlamaCpp
/** What llama.cpp chose, which does not depend on our settings. */
const oracleRuns = new Map<ModelCase, OracleStep[][]>()
let folder: Awaited<ReturnType<typeof temporaryFolder>>

beforeAll(async () => {
  folder = await temporaryFolder()
  oracle = await LlamaCpp.start()
})

afterAll(async () => {
  await oracle?.dispose()
  await folder?.[Symbol.asyncDispose]()
})

const asked = [...VARIANTS, ...FAMILY_CASES].filter(({ notInLlamaCpp }) => notInLlamaCpp === undefined)

/** One of each block format, of each family. */
const byFormat = [...FORMAT_CASES, ...FAMILY_CASES.filter(({ name, format }) => name.endsWith(`, ${format}`))]

const SETTINGS = [
  { kernels: 'baseline', kvType: 'f16' },
  { kernels: 'relaxed', kvType: 'f16' },
  { kernels: 'baseline', kvType: 'f32' },
] as const

describe.for(SETTINGS)('with $kernels kernels and an $kvType cache', ({ kernels, kvType }) => {
  // The cache differs from llama.cpp's: a sample of the formats is enough.
  const formats = byFormat.filter(({ format }) => kvType === 'f16' || /^(F32|Q4_0|Q4_K)$/.test(format))
  const cases: readonly ModelCase[] =
    kvType === 'f16' && kernels === 'baseline' ? [...new Set([...formats, ...asked])] : formats

  it.for(cases)("chooses llama.cpp's ids: $name", async (modelCase, { task }) => {
    const { name, architecture, format, vocab, parts, prompts: lengths = PROMPT_LENGTHS } = modelCase
    const path = join(folder.path, 'model.gguf')
    await writeModelFile(path, parts)
    const prompts = lengths.map((length) => randomIds(length, vocab, name))
    const known = oracleRuns.get(modelCase)
    const runs = known ?? (await oracle.greedy(path, prompts, STEPS))
    oracleRuns.set(modelCase, runs)
    await using model = await loadModel(path, { kernels })
    const agreements = []
    for (const [index, run] of runs.entries()) {
      using session = model.createSession({ kvType })
      agreements.push(await follow(session, prompts[index], run, modelCase))
    }
    const { problems, ...agreement } = together(agreements)
    const suffix = `${kernels === 'baseline' ? '' : `, ${kernels} kernels`}${kvType === 'f16' ? '' : `, ${kvType} cache`}`
    task.meta.oracle = { model: `random: ${name}${suffix}`, architecture, format, what: 'ids', ...agreement }
    expect(problems).toEqual([])
  })
})
