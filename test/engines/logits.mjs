/** Prints the logits of a prompt and of each id after it, as base64; the task is the first argument, as JSON. */
import { loadModel } from '../../dist/index.js'

const { model: path, kernels, threads, kvType, ids, prompt } = JSON.parse(process.argv[2])
const model = await loadModel(path, { kernels, threads })
const session = model.createSession({ kvType })
const logits = []
for (let from = 0; from < ids.length; from = logits.length + prompt - 1) {
  await session.eval(ids.slice(from, from === 0 ? prompt : from + 1))
  logits.push(Buffer.from(session.logits().slice().buffer).toString('base64'))
}
console.log(JSON.stringify({ kernels: model.kernels, logits }))
session.dispose()
await model.dispose()
