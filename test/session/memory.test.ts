import { expect, it } from 'vitest'
import { PAGE_BYTES } from '../../src/backend/wasm/kernels.js'
import { loadModel, type Session } from '../../src/index.js'
import { smallModel } from '../model/small.js'
import { idsOf, loadSmall } from './collect.js'

/** A model, and how many pages of WebAssembly memory it has. */
async function loadCounted() {
  const memories: WebAssembly.Memory[] = []
  const { Memory } = WebAssembly
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor)
      memories.push(this)
    }
  }
  try {
    const model = await loadModel(smallModel(), { contextLength: 256, threads: 1 })
    const memory = memories.at(-1)
    if (!memory) throw new Error('no memory was seen')
    return { model, pages: () => memory.buffer.byteLength / PAGE_BYTES }
  } finally {
    WebAssembly.Memory = Memory
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
    for (let i = 0; i < index % 4; i++) sessions.push(await sessions[i].fork())
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
  {
    using session = model.createSession()
    await session.eval([1])
  }
  const empty = model.memoryBytes
  let most = 0
  for (let round = 0; round < 10; round++) {
    const sessions = Array.from({ length: 100 }, () => model.createSession({ contextLength: 64 }))
    const forks: Session[] = []
    for (const session of sessions) {
      await session.eval([1, 2])
      forks.push(await session.fork())
    }
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
  await session.eval([1])
  const { memoryBytes } = model
  await idsOf(session.generate([1, 2, 3], { temp: 1, maxTokens: 200, stop: 'never', logprobs: 3 }))
  await session.restore(await session.save())
  await (await session.fork()).dispose()
  expect(model.memoryBytes).toBe(memoryBytes)
})
