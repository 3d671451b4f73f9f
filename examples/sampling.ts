/**
 * dasLLAMA's sampling tutorial, on any model: what each parameter does to the same prompt.
 *
 *   npm run example examples/sampling.ts [MODEL] [PROMPT]
 */
import { loadModel, type SamplingParams } from 'dasllama'

const [path = 'models/tiny-stories.Q8_0.gguf', prompt = 'Once upon a time'] = process.argv.slice(2)
const creative: SamplingParams = { temp: 0.8, topK: 40, penalty: 1.1 }

async function main(): Promise<void> {
  await using model = await loadModel(path)
  using session = model.createSession({ seed: 7 })

  /** Generates from the prompt, prints the text, and returns the ids. */
  async function show(title: string, params: SamplingParams): Promise<string> {
    const generation = session.generate(prompt, { ...params, maxTokens: 80 })
    console.log(`\n--- ${title}\n`)
    process.stdout.write(prompt)
    for await (const { piece } of generation) process.stdout.write(piece)
    console.log()
    return generation.ids.join()
  }

  const first = await show('greedy: the most likely token, always', {})
  const again = await show('greedy once more', {})
  console.log(`\n    The two are ${first === again ? 'identical' : 'DIFFERENT'}.`)

  await show('penalty 1.3: the last 64 tokens become less likely', { penalty: 1.3 })

  const seven = await show('seed 7: temp 0.8, topK 40, penalty 1.1', creative)
  session.setSeed(8)
  const eight = await show('seed 8', creative)
  session.setSeed(7)
  const sevenAgain = await show('seed 7 again', creative)
  console.log(`\n    The two sevens ${seven === sevenAgain ? 'agree' : 'DISAGREE'} token for token;`)
  console.log(`    seven and eight are ${seven === eight ? 'THE SAME' : 'different stories'}.`)
}

await main()
