import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { openHost } from '../../bench/hosts/open.js'
import { run } from '../../bench/serving/prefix.js'

const MODEL = fileURLToPath(new URL('../../models/tiny-stories.Q8_0.gguf', import.meta.url))
const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))
const options = { contextLength: 256, threads: 1, sequences: 2 }
const STEPS = [
  [1, 1],
  [1, 1],
  [1, 1],
]

it.each(['sessions', 'http'])('%s write their texts at the same time', async (name) => {
  const module = new URL(`../../bench/serving/${name}.ts`, import.meta.url)
  await using link = await openHost({ engine: 'node', env: { DASLLAMA_CLI: CLI } }, module)
  await link.ask({ do: 'describe' })
  await link.ask({ do: 'loadBatched', source: await link.address(MODEL), options })
  expect(await link.ask({ do: 'timeBatched', steps: STEPS })).toBeGreaterThan(0)
  expect(await link.ask({ do: 'timeBatched', steps: STEPS.map((ids) => ids.slice(1)) })).toBeGreaterThan(0)
  expect(await link.ask({ do: 'digest', steps: STEPS })).toEqual([])
})

it('times prompts with a common beginning', async () => {
  const task = { cli: CLI, source: MODEL, threads: 1, repetitions: 2, vocabSize: 2048, common: 100, own: 8 }
  const { first, second, alone } = await run(task)
  expect([first.length, second.length, alone.length]).toEqual([2, 2, 2])
  expect(Math.min(...first, ...second, ...alone)).toBeGreaterThan(0)
})
