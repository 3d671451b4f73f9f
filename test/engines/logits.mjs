/** Prints hashes of the logits of a prompt and of each id behind it; the task is the first argument, as JSON. */
import { createHash } from 'node:crypto'
import { loadModel } from '../../dist/index.js'

const { model: path, kernels, threads, ids, prompt } = JSON.parse(process.argv[2])
const model = await loadModel(path, { kernels, threads })
const session = model.createSession()
const logits = []
for (let from = 0; from < ids.length; from = logits.length + prompt - 1) {
  await session.eval(ids.slice(from, from === 0 ? prompt : from + 1))
  logits.push(createHash('sha256').update(session.logits()).digest('hex'))
}
console.log(JSON.stringify({ kernels: model.kernels, logits }))
session.dispose()
await model.dispose()
