/**
 * A chat of two turns, the second of which needs the first. Without MODEL a small story model answers, which
 * was not trained to chat.
 *
 *   npm run example examples/chat.ts [MODEL]
 */
import { createChat, loadModel } from 'dasllama'

const [path] = process.argv.slice(2)
/** A story model has no template of its own. */
const template = path === undefined ? 'chatml' : undefined

async function main(): Promise<void> {
  await using model = await loadModel(path ?? 'models/tiny-stories.Q8_0.gguf')
  using chat = createChat(model, { system: 'You are a friendly assistant.', maxTokens: 100, template })
  for (const words of ['My name is Anna. What is the capital of France?', 'What is my name?']) {
    console.log(`> ${words}`)
    const { text, usage } = await chat.send(words)
    console.log(`${text}\n  (${usage.promptTokens} tokens in the prompt, ${usage.cachedTokens} cached)`)
  }
}

await main()
