import { join } from 'node:path'
import { afterAll, beforeAll, it, expect } from 'vitest'
import { EXPERT_CASES } from '../support/family-models/experts.js'
import { temporaryFolder, writeModelFile } from '../support/model-files.js'
import { randomIds } from '../support/random-models.js'
import { logProbabilities, topIndices } from '../support/logits.js'
import { openGguf } from '../../src/gguf/reader.js'
import { writeGguf } from '../../src/gguf/writer.js'
import { bytesSource } from '../../src/storage/bytes.js'
import { ReferenceModel, ReferenceSequence } from '../model/reference.js'
import { LlamaCpp } from './llama-cpp.js'
let oracle: LlamaCpp, folder: any
beforeAll(async () => { folder = await temporaryFolder(); oracle = await LlamaCpp.start() })
afterAll(async () => { await oracle?.dispose(); await folder?.[Symbol.asyncDispose]() })
const only = process.env.ONLY ? new RegExp(process.env.ONLY) : /./
it.for(EXPERT_CASES.filter(c => only.test(c.name)))('$name', async (c) => {
  const path = join(folder.path, 'm.gguf')
  await writeModelFile(path, c.parts)
  const prompt = randomIds(20, c.vocab, c.name)
  const [run] = await oracle.greedy(path, [prompt], 4)
  const model = await ReferenceModel.read(await openGguf(bytesSource(writeGguf(c.parts), 'm')))
  const seq = new ReferenceSequence(model, 'f16')
  let worst = 0
  let ids: readonly number[] = prompt
  for (const { id, logits } of run) {
    for (const i of ids) seq.push(i)
    const ours = logProbabilities(Float32Array.from(seq.logits()))
    const theirs = logProbabilities(logits)
    for (const k of topIndices(theirs, 10)) worst = Math.max(worst, Math.abs(ours[k] - theirs[k]))
    ids = [id]
  }
  console.log(c.name, worst)
  expect(worst).toBeLessThan(c.format === 'F32' || /F32/.test(c.format) ? 0.02 : 1)
})
