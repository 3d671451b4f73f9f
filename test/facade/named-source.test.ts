import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { sources } from '../../src/backend/worker/lazy-modules.js'
import { engineInThread } from '../../src/facade/lazy-modules.js'
import type { ModelStore } from '../../src/hub/index.js'
import { DasllamaError, loadModel } from '../../src/index.js'
import { smallModel } from '../model/small.js'
import { watchedSource } from './sources.js'

const unloaded = new DasllamaError('IO', 'a file of dasllama cannot be loaded')
let arriving: ReturnType<typeof watchedSource>
let store: ModelStore

beforeEach(() => {
  arriving = watchedSource(smallModel())
  store = {
    load: async () => ({ source: arriving.source, from: 'network', isArriving: true }),
  } as unknown as ModelStore
})

afterEach(() => void vi.restoreAllMocks())

describe('a model that is arriving is closed', () => {
  it('if the engine cannot be loaded', async () => {
    vi.spyOn(engineInThread, 'load').mockRejectedValue(unloaded)
    await expect(loadModel('hf:owner/repo/model.gguf', { store })).rejects.toBe(unloaded)
    expect(arriving.state.closed).toBe(1)
  })

  it('if the code that serves it to a Worker cannot be loaded', async () => {
    vi.spyOn(sources, 'load').mockRejectedValue(unloaded)
    const loading = loadModel('hf:owner/repo/model.gguf', { store, worker: true, threads: 1 })
    await expect(loading).rejects.toBe(unloaded)
    expect(arriving.state.closed).toBe(1)
  })

  it('with the tokenizer that is arriving, if the model cannot be found', async () => {
    const missing = new DasllamaError('NOT_FOUND', 'there is no such file')
    const load = vi.fn().mockResolvedValueOnce({ source: arriving.source, from: 'network', isArriving: true })
    load.mockRejectedValueOnce(missing)
    const loading = loadModel('hf:owner/repo/model.bin', {
      store: { load } as unknown as ModelStore,
      tokenizer: 'hf:owner/repo/tokenizer.bin',
    })
    await expect(loading).rejects.toBe(missing)
    expect(arriving.state.closed).toBe(1)
  })
})

it('a source of the caller stays open if the code that reads it cannot be loaded', async () => {
  vi.spyOn(sources, 'load').mockRejectedValue(unloaded)
  const loading = loadModel(arriving.source, { worker: true, threads: 1 })
  await expect(loading).rejects.toBe(unloaded)
  expect(arriving.state.closed).toBe(0)
})
