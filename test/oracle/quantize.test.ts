import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { checkpointToGguf } from '../../bench/models/checkpoint-to-gguf.js'
import { modelTools } from '../../src/platform/node/model-tools.js'
import { fileType } from '../../src/quantize/file-types.js'
import { quantizeModel } from '../../src/quantize/quantize-model.js'
import { STORIES_15M, temporaryFolder, writeModelFile } from '../support/model-files.js'
import { followText } from './follow.js'
import { LlamaCpp } from './llama-cpp.js'

const { openFile, createOutput, startThread, physicalCores } = modelTools

let oracle: LlamaCpp
beforeAll(async () => {
  oracle = await LlamaCpp.start()
})
afterAll(() => oracle?.dispose())

it.each([
  ['Q4_0', 'Q4_0'],
  ['Q4_K_M', 'Q4_K'],
])("stories15M, quantized here to %s, chooses llama.cpp's ids", async (type, format) => {
  await using folder = await temporaryFolder()
  const [from, path] = [join(folder.path, 'F32.gguf'), join(folder.path, 'quantized.gguf')]
  await writeModelFile(from, await checkpointToGguf(STORIES_15M))
  await quantizeModel(() => openFile(from), path, createOutput, {
    type: fileType(type),
    allowRequantize: false,
    replace: false,
    threads: physicalCores,
    startThread,
    signal: undefined,
    onProgress: undefined,
  })
  const { problems, compared } = await followText(oracle, { path, format }, 'Once upon a time', 32)
  expect(compared).toBe(32)
  expect(problems).toEqual([])
})
