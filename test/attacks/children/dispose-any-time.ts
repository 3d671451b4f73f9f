/** Sessions, chats and models disposed at every turn of the event loop: every running call settles, nothing is left. */
import { type Chat, createChat, embed, loadModel, type Model, type Session } from '../../../src/index.js'
import { pacer } from '../../../src/platform/pacer.js'
import { smallModel } from '../../model/small.js'
import { attackInput, report } from '../support/attempt.js'

const { turns } = attackInput<{ turns: number }>()
// Every step yields to the event loop.
pacer.isDue = () => true
const bytes = smallModel()
const ids = Array.from({ length: 200 }, (_, i) => 3 + ((i * 61) % 390))

interface Attacked {
  readonly model: Model
  readonly session: Session
  readonly chat: Chat
  readonly state: Uint8Array
}

/** Calls that may be running. Some reject when they are ended, and none may hang. */
const CALLS: readonly [string, (of: Attacked) => Promise<unknown>][] = [
  ['eval', ({ session }) => session.eval(ids)],
  ['score', ({ session }) => session.score(ids)],
  ['save', ({ session }) => session.save()],
  ['restore', ({ session, state }) => session.restore(state)],
  ['fork', async ({ session }) => (await session.fork()).eval(ids)],
  ['rewind', ({ session }) => session.rewind(3)],
  ['generate', ({ session }) => session.generate(ids, { maxTokens: 20, stop: ['e', 'a'] }).result()],
  ['a loop', ({ session }) => loop(session)],
  ['a reply', ({ chat }) => chat.send('Hi')],
  ['thoughts', ({ chat }) => chat.send('Hi', { thinking: 2 })],
  ['embed', ({ model }) => embed(model, [ids, ids])],
]

async function loop(session: Session): Promise<void> {
  for await (const _ of session.generate(ids.slice(0, 9), { maxTokens: 20, stop: 'e' })) {
    await new Promise((resolve) => setImmediate(resolve))
  }
}

for (const [name, call] of CALLS) {
  for (let turn = 0; turn < turns; turn++) {
    const model = await loadModel(bytes, { threads: 1 })
    const session = model.createSession({ seed: 1 })
    await session.eval(ids.slice(0, 5))
    const template =
      '{% for m in messages %}{{ m.content }}{% endfor %}{% if add_generation_prompt %}<think>{% endif %}'
    const chat = createChat(model, { template, maxTokens: 9, replyFormat: { reasoning: 'think' } })
    const running = call({ model, session, chat, state: await session.save() }).then(
      () => undefined,
      (error: { code?: string }) => error,
    )
    for (let i = 0; i < turn * 3; i++) await new Promise((resolve) => setImmediate(resolve))
    // Alternately: the whole model, or first what works on it.
    if (turn % 2 === 0) await Promise.all([session.dispose(), chat.dispose()])
    await Promise.all([model.dispose(), model.dispose()])
    const error = await running
    const settled = error === undefined || error.code === 'DISPOSED'
    report(
      settled && model.memoryBytes === 0 && !session.isBusy && !chat.isBusy,
      `${name}, turn ${turn}: ${error}`,
    )
  }
}
