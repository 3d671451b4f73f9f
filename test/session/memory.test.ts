import { expect, it } from 'vitest'
import { createEngine } from '../../src/backend/wasm/engine.js'
import { PAGE_BYTES } from '../../src/backend/wasm/kernels.js'
import { Model } from '../../src/facade/model.js'
import type { Session } from '../../src/index.js'
import { Network } from '../../src/model/network.js'
import { platform } from '../../src/platform/node/platform.js'
import { createTokenizer } from '../../src/tokenizer/create.js'
import { openSmall } from '../model/small.js'
import { idsOf, loadSmall } from './collect.js'

/** A model, and how many pages of WebAssembly memory it has. */
async function loadCounted() {
  const file = await openSmall()
  const engine = await createEngine(await platform.loadKernels())
  const network = await Network.load(file, engine)
  return {
    model: new Model(network, createTokenizer(file.metadata), 256),
    pages: () => engine.arena.memory.buffer.byteLength / PAGE_BYTES,
  }
}

it('a thousand sessions, forks among them, leave not a page behind', async () => {
  const { model, pages } = await loadCounted()
  const round = async (index: number) => {
    const session = model.createSession({
      contextLength: 20 + (index % 50),
      kvType: index % 2 ? 'f16' : 'f32',
    })
    await session.eval([1, 2, 3, 4, 5])
    const sessions: Session[] = [session]
    for (let i = 0; i < index % 4; i++) sessions.push(sessions[i].fork())
    for (const each of sessions) await each.eval([6, 7])
    // In every order, so that holes come and go.
    for (let i = 0; sessions.length > 0; i++)
      sessions.splice((index * 7 + i) % sessions.length, 1)[0].dispose()
  }
  for (let index = 0; index < 200; index++) await round(index)
  const warm = { pages: pages(), bytes: model.memoryBytes }
  for (let index = 200; index < 1000; index++) await round(index)
  expect({ pages: pages(), bytes: model.memoryBytes }).toEqual(warm)
})

it('a hundred sessions at a time, ten times over, take the pages of a hundred', async () => {
  const { model, pages } = await loadCounted()
  const empty = model.memoryBytes
  let most = 0
  for (let round = 0; round < 10; round++) {
    const sessions = Array.from({ length: 100 }, () => model.createSession({ contextLength: 64 }))
    const forks = sessions.map((session) => session.fork())
    if (round === 0) most = pages()
    expect(pages()).toBe(most)
    for (const session of [...forks, ...sessions]) session.dispose()
    expect(model.memoryBytes).toBe(empty)
  }
  expect(most * PAGE_BYTES).toBeGreaterThan(empty)
})

it('a generation that shifts, forks and restores takes no more memory than its session', async () => {
  const model = await loadSmall()
  using session = model.createSession({ contextLength: 40, contextShift: true, seed: 1 })
  const { memoryBytes } = model
  await idsOf(session.generate([1, 2, 3], { temp: 1, maxTokens: 200, stop: 'never', logprobs: 3 }))
  session.restore(session.save())
  session.fork().dispose()
  expect(model.memoryBytes).toBe(memoryBytes)
})
