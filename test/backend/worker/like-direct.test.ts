import { expect, it, vi } from 'vitest'
import { RemoteExecutable } from '../../../src/backend/worker/remote-executable.js'
import { smallModel } from '../../model/small.js'
import type * as Load from '../wasm/load.js'
import { load } from '../wasm/load.js'
import '../wasm/memory.test.js'
import '../wasm/failing-batches.test.js'

// Repeats the tests of the WebAssembly executable and its memories with each executable behind a channel.
vi.mock('../wasm/load.js', async (original) => {
  const direct = await original<typeof Load>()
  const { behindChannel } = await import('../../support/behind-channel.js')
  const load = async (...options: Parameters<typeof direct.load>) =>
    behindChannel(await direct.load(...options)).remote
  return { ...direct, load }
})

it('all of this is behind a channel', async () => {
  expect(await load(smallModel())).toBeInstanceOf(RemoteExecutable)
})
