import { join } from 'node:path'
import type { Llama } from 'node-llama-cpp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { convertModel } from '../../src/convert/convert-model.js'
import { loadTokenizer } from '../../src/index.js'
import { modelTools } from '../../src/platform/node/model-tools.js'
import { fileType } from '../../src/quantize/file-types.js'
import { published, writeFolder } from '../convert/folder.js'
import { MODELS } from '../convert/models.js'
import { temporaryFolder } from '../support/model-files.js'
import { startLlama } from './llama-cpp.js'

const { openFile, createOutput, startThread } = modelTools

let llama: Llama
beforeAll(async () => {
  llama = await startLlama()
})
afterAll(() => llama?.dispose())

it.each(Object.entries(MODELS))('%s, converted, loads in llama.cpp and has its tokens', async (_, parts) => {
  await using folder = await temporaryFolder()
  const [from, path] = [join(folder.path, 'model'), join(folder.path, 'model.gguf')]
  await writeFolder(from, published(parts))
  await convertModel(from, openFile, path, createOutput, {
    type: fileType('F16'),
    replace: false,
    threads: 1,
    startThread,
    signal: undefined,
    onProgress: undefined,
  })
  const model = await llama.loadModel({ modelPath: path })
  try {
    const text = 'the dogs of the sea'
    const tokenizer = await loadTokenizer(path)
    expect(tokenizer.encode(text, { addSpecial: false })).toEqual(model.tokenize(text))
  } finally {
    await model.dispose()
  }
})
