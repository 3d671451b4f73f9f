import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { checkpointToGguf } from '../../bench/models/checkpoint-to-gguf.js'
import { STORIES_15M, TINY_STORIES, temporaryFolder, writeModelFile } from '../support/model-files.js'
import { followText } from './follow.js'
import { LlamaCpp } from './llama-cpp.js'

const PROMPT = 'Once upon a time'

let oracle: LlamaCpp
beforeAll(async () => {
  oracle = await LlamaCpp.start()
})
afterAll(() => oracle?.dispose())

it('stories15M chooses the ids of llama.cpp, which reads it as GGUF', async ({ task }) => {
  await using folder = await temporaryFolder()
  const oraclePath = join(folder.path, 'stories15M.F32.gguf')
  await writeModelFile(oraclePath, await checkpointToGguf(STORIES_15M))
  const files = { path: STORIES_15M, oraclePath, format: 'F32' }
  const { problems, ...agreement } = await followText(oracle, files, PROMPT, 40)
  task.meta.oracle = { model: 'stories15M', architecture: 'llama', format: 'F32', what: 'ids', ...agreement }
  expect(problems).toEqual([])
})

it("tiny-stories chooses llama.cpp's ids", async ({ task }) => {
  const files = { path: TINY_STORIES, format: 'Q8_0' }
  const { problems, ...agreement } = await followText(oracle, files, PROMPT, 100)
  task.meta.oracle = {
    model: 'tiny-stories',
    architecture: 'llama',
    format: 'Q8_0',
    what: 'ids',
    ...agreement,
  }
  expect(problems).toEqual([])
})
