import { afterEach, expect, it, vi } from 'vitest'
import { engineInThread } from '../../src/facade/lazy-modules.js'
import type { ModelStore } from '../../src/hub/index.js'
import { DasllamaError, loadModel } from '../../src/index.js'

afterEach(() => void vi.restoreAllMocks())

it('a model that is arriving is closed if the engine cannot be loaded', async () => {
  const unloaded = new DasllamaError('IO', 'a file of dasllama cannot be loaded')
  vi.spyOn(engineInThread, 'load').mockRejectedValue(unloaded)
  const close = vi.fn(async () => {})
  const source = { name: 'model.gguf', size: 100, read: async () => {}, close }
  const store = { load: async () => ({ source, from: 'network', isArriving: true }) } as unknown as ModelStore
  await expect(loadModel('hf:owner/repo/model.gguf', { store })).rejects.toBe(unloaded)
  expect(close).toHaveBeenCalledOnce()
})
