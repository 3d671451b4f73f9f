/** One undisposed chat per request, on a model with memory for a few dozen. */
import { createChat, loadModel, type Warning } from '../../../src/index.js'
import { smallModel } from '../../model/small.js'
import { attackInput, attempt, report } from '../support/attempt.js'

const { chats, collectEvery } = attackInput<{ chats: number; collectEvery: number }>()
const warnings: Warning[] = []
const onWarning = (warning: Warning) => void warnings.push(warning)
const model = await loadModel(smallModel(), { memoryLimit: 4 * 2 ** 20, onWarning })
/** With `--expose-gc`. */
const { gc } = globalThis as { gc?: () => void }
const before = model.memoryBytes

async function answer(index: number): Promise<void> {
  const chat = createChat(model, { template: 'chatml', maxTokens: 1 })
  chat.addUser(`request ${index}`)
  for await (const _ of chat.respond());
  // Forks share memory until they write, and are collected with their session.
  if (index % 5 === 0) await (await chat.session.fork()).eval([1, 2])
}

for (let index = 0; index < chats; index++) {
  await attempt(`chat ${index}`, () => answer(index), { mayBeAccepted: true, codes: [] })
  // Requests arrive in separate turns of the event loop: within one turn, targets of a new WeakRef are not collected.
  await new Promise((resolve) => setImmediate(resolve))
  if (collectEvery > 0 && index % collectEvery === 0) gc?.()
}
report(warnings.length === 1 && warnings[0].code === 'NOT_DISPOSED', `warnings: ${JSON.stringify(warnings)}`)

// Sessions in use keep their memory, and the error for the next one reports who holds it.
const kept: unknown[] = []
await attempt('more sessions than fit', fill, { codes: ['OUT_OF_MEMORY'] })
async function fill(): Promise<void> {
  for (;;) {
    const session = model.createSession()
    kept.push(session)
    await session.eval([1, 2, 3])
  }
}
try {
  await fill()
} catch (error) {
  const { message, hint } = error as { message: string; hint: string }
  report(/\d+ open sessions hold \d+\.\d MiB/.test(message) && hint.includes('dispose()'), message)
}
await model.dispose()
report(model.memoryBytes === 0 && before > 0, 'the model still has memory')
