/**
 * dasLLAMA's embeddings tutorial, on any model and text: the lines of a file, the most similar to a question first.
 *
 *   npm run example examples/search.ts [MODEL] [FILE] [QUESTION]
 */
import { readFile } from 'node:fs/promises'
import { cosineSimilarity, embed, loadModel } from 'dasllama'

const [path = 'models/tiny-stories.Q8_0.gguf', file, question = 'The small dog played with a toy.'] =
  process.argv.slice(2)

const SOME_LINES = `The little cat played with a ball of yarn.
Tom and his dad drove the big red truck to the store.
It rained all day, so the children stayed inside.
The baby bird fell from its nest in the tree.
Lily's puppy ran after the ball in the park.`

async function main(): Promise<void> {
  const text = file === undefined ? SOME_LINES : await readFile(file, 'utf8')
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  await using model = await loadModel(path)
  const [wanted, ...vectors] = await embed(model, [question, ...lines], { truncate: 'end' })
  const found = lines.map((line, i) => ({ line, score: cosineSimilarity(wanted, vectors[i]) }))
  found.sort((a, b) => b.score - a.score)
  console.log(`most like "${question}":\n`)
  for (const { line, score } of found.slice(0, 10)) console.log(`  ${score.toFixed(3)}  ${line}`)
}

await main()
