import { type ChatResult, createChat, embed, type LoadOptions, loadModel, type ModelSource } from 'dasllama'
import { createSampler } from 'dasllama/sampling'

export async function main(source: ModelSource, options: LoadOptions): Promise<[ChatResult, Float32Array]> {
  const model = await loadModel(source, options)
  const chat = createChat(model)
  return [await chat.send('Hello', { temp: 0.8 }), await embed(model, 'a text')]
}

export const pick: number = createSampler({ temp: 0.8 }).pick(Float32Array.of(1, 2))
