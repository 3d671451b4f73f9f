import { describe, expect, it } from 'vitest'
import { storiesInNode } from './stories.js'

describe('Node', () => {
  it('generates the stories from the built files', async () => {
    const { greedy, sampled, saved, embedded } = await storiesInNode()
    // llama.cpp's output under greedy decoding, as in models/README.md.
    expect(greedy.text).toMatch(/^, there was a little girl named Lily\. She loved to play/)
    expect(sampled.ids).not.toEqual(greedy.ids)
    expect(embedded.first.every((value) => value !== 0 && Math.abs(value) < 1)).toBe(true)
    expect(saved.ids).toEqual(sampled.ids.slice(12))
    for (const { ids, text, streamed, stopReason } of [greedy, sampled]) {
      expect(ids).toHaveLength(24)
      expect(streamed).toBe(text)
      expect(stopReason).toBe('length')
    }
  })
})
