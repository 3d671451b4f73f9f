import { expect, it } from 'vitest'
import { measureSpeculation, renderSpeculation } from '../../bench/serving/speculation.js'
import { TINY_STORIES } from '../support/model-files.js'

it('measures speculation on texts that do not depend on it', async () => {
  const prompts = [{ name: 'a story', text: 'Tom has a red ball. Lily has a blue ball. Tom has a' }]
  const rows = await measureSpeculation({
    model: TINY_STORIES,
    draft: TINY_STORIES,
    prompts,
    tokens: 30,
    turns: 2,
    threads: 1,
  })
  expect(rows.map(({ speculation }) => speculation)).toEqual(['none', 'lookup', 'draft'])
  for (const { tokens, passes, accepted, drafted, samples, tokensPerSecond } of rows) {
    expect(tokens).toBe(30)
    expect(passes + accepted).toBe(29)
    expect(drafted).toBeGreaterThanOrEqual(accepted)
    expect(samples).toEqual([tokensPerSecond])
    expect(tokensPerSecond).toBeGreaterThan(0)
  }
  expect(rows[0]).toMatchObject({ drafted: 0, accepted: 0 })
  expect(renderSpeculation(rows).split('\n')).toHaveLength(5)
})
