import { basename } from 'node:path'
import { inspectModel } from 'dasllama'
import { type OnnxFormat, onnxModel } from '../rivals/onnxruntime-web/model.js'
import { cachedFile } from './cache.js'
import type { ModelFiles } from './catalog.js'

/** The path of an ONNX model of the same shape as a GGUF file, generated if it does not exist. Rejects for other families. */
export async function onnxOfShape({ gguf }: ModelFiles, format: OnnxFormat): Promise<string> {
  const { config } = await inspectModel(gguf)
  if (config?.architecture !== 'llama') throw new Error('there is no ONNX model of its family')
  const { embeddingLength, layers, heads, kvHeads, headDim, feedForwardLength, vocabSize } = config
  const shape = {
    ...{ embed: embeddingLength, layers, heads, kvHeads, headDim },
    ...{ feedForward: feedForwardLength, vocab: vocabSize, context: config.contextLength },
  }
  return cachedFile(`${basename(gguf, '.gguf')}.${format}.onnx`, () => onnxModel(shape, format))
}
