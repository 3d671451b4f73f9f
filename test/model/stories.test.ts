import { expect, it } from 'vitest'
import { loadModel } from '../../src/index.js'
import { STORIES_15M } from '../support/model-files.js'

it('stories15M writes the same story as run.c', async () => {
  await using model = await loadModel(STORIES_15M)
  using session = model.createSession()
  const story = session.generate('Once upon a time', { maxTokens: 20 })
  for await (const { piece } of story) expect(story.text.endsWith(piece)).toBe(true)
  expect(story.text).toMatch(
    /^, there was a little girl named Lily\. She loved to play outside in the sunshine/,
  )
})
