import { expect, it } from 'vitest'
import { openHost } from '../../bench/hosts/open.js'

const MODULE = new URL('contestant-fixture.ts', import.meta.url)
const options = { contextLength: 256, threads: 1 }
const open = () => openHost({ engine: 'node' }, MODULE)

it('asks a contestant in another process', async () => {
  await using link = await open()
  const { runtime, versions } = await link.ask({ do: 'describe' })
  expect(runtime).toMatch(/^Node \d+/)
  expect(versions).toEqual({ nothing: '1' })
  await expect(link.ask({ do: 'time', kind: 'pp', ids: [1] })).rejects.toThrow('no model has been loaded')
  await expect(link.ask({ do: 'load', source: 'bad', options })).rejects.toThrow('a bad model')
  const loaded = await link.ask({ do: 'load', source: await link.address('good'), options })
  expect(loaded).toEqual({
    loadMs: expect.any(Number),
    rssBefore: expect.any(Number),
    rssLoaded: expect.any(Number),
  })
  expect(await link.ask({ do: 'time', kind: 'pp', ids: [1] })).toEqual(expect.any(Number))
  expect(await link.ask({ do: 'memory' })).toEqual({ engineBytes: 256, rss: expect.any(Number) })
})

it('says so when the process ends instead of answering', async () => {
  await using link = await open()
  const death = link.ask({ do: 'load', source: 'deadly', options })
  await expect(death).rejects.toThrow('the process ended with exit code 3 while asked to load')
})

it('refuses an engine that is not there', async () => {
  await expect(openHost({ engine: 'node 1' }, MODULE)).rejects.toThrow('node 1 is not there: npm run engines')
})
