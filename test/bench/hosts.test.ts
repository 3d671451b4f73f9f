import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { openHost } from '../../bench/hosts/open.js'
import { withoutChromium } from '../runtimes/chromium.js'
import { temporaryFolder } from '../support/model-files.js'

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

it('reports that the process ended instead of answering', async () => {
  await using link = await open()
  const death = link.ask({ do: 'load', source: 'deadly', options })
  await expect(death).rejects.toThrow('the process ended with exit code 3 while asked to load')
})

it('rejects an engine that is not installed', async () => {
  await expect(openHost({ engine: 'node 1' }, MODULE)).rejects.toThrow('node 1 is not there: npm run engines')
})

describe('a contestant that is not in a process', () => {
  it.skipIf(withoutChromium).each([
    { where: 'a page of Chromium', inWorker: false },
    { where: 'its worker', inWorker: true },
  ])('answers in $where', async ({ inWorker }) => {
    await using link = await openHost({ browser: 'chromium', inWorker }, MODULE)
    const { runtime, versions } = await link.ask({ do: 'describe' })
    expect(runtime).toMatch(/^Chromium \d+/)
    expect(versions).toEqual({ nothing: '1' })
    await expect(link.ask({ do: 'load', source: 'bad', options })).rejects.toThrow('a bad model')
    await link.ask({ do: 'load', source: await link.address('good'), options })
    expect(await link.ask({ do: 'time', kind: 'tg', ids: [1] })).toEqual(expect.any(Number))
    expect(await link.ask({ do: 'memory' })).toEqual({ engineBytes: 256 })
  })

  it('answers in workerd', async () => {
    await using link = await openHost({ engine: 'workerd' }, MODULE)
    expect((await link.ask({ do: 'describe' })).runtime).toMatch(/^workerd \d/)
    await expect(link.ask({ do: 'load', source: 'bad', options })).rejects.toThrow('a bad model')
    await link.ask({ do: 'load', source: 'good', options })
    // Its own clock does not advance.
    expect(await link.ask({ do: 'time', kind: 'tg', ids: [1] })).toBeGreaterThan(0)
  })
})

describe('files of this machine', () => {
  it.skipIf(withoutChromium)('have addresses on a page, also those outside the repository', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'model.bin')
    await writeFile(path, 'weights')
    await using link = await openHost({ browser: 'chromium', inWorker: false }, MODULE)
    expect(await link.address(fileURLToPath(new URL('../../models/x.gguf', import.meta.url)))).toBe(
      '/models/x.gguf',
    )
    const address = await link.address(path)
    const root = fileURLToPath(new URL('../../', import.meta.url))
    expect(await readFile(root + address, 'utf8')).toBe('weights')
  })
})
