import { expect, it } from 'vitest'
import { inChromium } from '../../bench/hosts/page-link.js'
import { runInEngine, runOnPage } from '../../bench/hosts/run-once.js'
import { withoutChromium } from '../runtimes/chromium.js'

const MODULE = new URL('run-fixture.ts', import.meta.url)

it('runs a task in a process of an engine', async () => {
  expect(await runInEngine('node', MODULE, { number: 4 })).toEqual({ double: 8, isPage: false })
  await expect(runInEngine('node', MODULE, {})).rejects.toThrow('no number')
  await expect(runInEngine('node 1', MODULE, {})).rejects.toThrow('node 1 is not there')
})

it.skipIf(withoutChromium)('runs a task on a page', async () => {
  expect(await runOnPage(inChromium, MODULE, { number: 4 })).toEqual({ double: 8, isPage: true })
  await expect(runOnPage(inChromium, MODULE, {})).rejects.toThrow('no number')
})
