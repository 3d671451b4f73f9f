import { expect, test } from '@jest/globals'
import { story } from './story.js'

test('the model tells a story', async () => {
  expect(JSON.stringify(await story(process.env.MODEL))).toBe(process.env.STORY)
})
