import { expect, it } from 'vitest'
import { RemoteContestant } from '../../bench/contestants/remote.js'

const MODULE = new URL('contestant-fixture.ts', import.meta.url)
const options = { contextLength: 256, threads: 1 }

it('asks a contestant in another process', async () => {
  await using remote = new RemoteContestant(MODULE)
  expect(await remote.ask({ do: 'describe' })).toEqual({ nothing: '1' })
  await expect(remote.ask({ do: 'time', kind: 'pp', ids: [1] })).rejects.toThrow('no model has been loaded')
  await expect(remote.ask({ do: 'load', path: 'bad', options })).rejects.toThrow('a bad model')
  const loaded = await remote.ask({ do: 'load', path: 'good', options })
  expect(loaded).toEqual({
    loadMs: expect.any(Number),
    rssBefore: expect.any(Number),
    rssLoaded: expect.any(Number),
  })
  expect(await remote.ask({ do: 'time', kind: 'pp', ids: [1] })).toEqual(expect.any(Number))
  expect(await remote.ask({ do: 'memory' })).toEqual({ engineBytes: 256, rss: expect.any(Number) })
})

it('says so when the process ends instead of answering', async () => {
  await using remote = new RemoteContestant(MODULE)
  const death = remote.ask({ do: 'load', path: 'deadly', options })
  await expect(death).rejects.toThrow('the process ended with exit code 3 while asked to load')
})
