import { expect, it } from 'vitest'
import { createChat, loadModel } from '../../../src/index.js'
import { reasoningModel } from '../../examples/playground-models.js'

const PARAMETERS = {
  type: 'object',
  properties: { expression: { type: 'string' } },
  required: ['expression'],
}
const calculator = { type: 'function' as const, function: { name: 'calculator', parameters: PARAMETERS } }

it('allows a token that is a marker and what may follow it', async () => {
  await using model = await loadModel(reasoningModel())
  await using chat = createChat(model, { tools: [calculator], temp: 0 })
  const { toolCalls, content } = await chat.send('What is 17 * 23?', { maxTokens: 40 })
  expect(toolCalls).toMatchObject([{ name: 'calculator', arguments: { expression: '17 * 23' } }])
  expect(content).toBe('Let me look.')
})

it('refuses one whose rest may not follow', async () => {
  await using model = await loadModel(reasoningModel({ call: '{"name": "another", "arguments": {}}' }))
  await using chat = createChat(model, { tools: [calculator], temp: 0 })
  const { toolCalls, text } = await chat.send('What is 17 * 23?', { maxTokens: 40 })
  expect(toolCalls).toEqual([])
  expect(text).not.toContain('another')
})
