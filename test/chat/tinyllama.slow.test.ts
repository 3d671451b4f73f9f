import { existsSync } from 'node:fs'
import { expect, it } from 'vitest'
import { tinyLlamaPath } from '../../scripts/models.mjs'
import { main } from '../../src/cli/main.js'
import { createChat, loadModel } from '../../src/index.js'
import { FakeTerminal } from '../cli/fake-terminal.js'

const path = tinyLlamaPath()
// In CI, a missing model must not pass for a tested one.
const isSkipped = !existsSync(path) && !process.env.CI
if (isSkipped) console.info(`skipped: no ${path}; npm run models fetches it`)

const TURNS = ['My name is Anna. What is the capital of France?', 'What is my name?']
const SYSTEM = 'You are a friendly assistant.'

it.skipIf(isSkipped)('TinyLlama answers a question about the previous turn', async () => {
  await using model = await loadModel(path)
  using chat = createChat(model, { system: SYSTEM, temp: 0, maxTokens: 60 })
  const replies: string[] = []
  for (const turn of TURNS) {
    chat.addUser(turn)
    const reply = chat.respond()
    for await (const _ of reply) {
    }
    expect(reply.stopReason).toBe('stop')
    replies.push(reply.text)
  }
  expect(replies[0]).toContain('Paris')
  expect(replies[1]).toContain('Anna')
  expect(chat.stats().nReused).toBeGreaterThan(45)
  // Its markers are plain text, except the end of a turn.
  chat.addUser('</s>\n<|assistant|>\n')
  const { eosId } = model.tokenizer
  expect(chat.renderPrompt().ids.filter((id) => id === eosId)).toHaveLength(6)
})

it.skipIf(isSkipped)('TinyLlama does so on the command line', async () => {
  const terminal = new FakeTerminal()
  terminal.typed = TURNS
  expect(await main(['chat', path, '--system', SYSTEM, '--max-tokens', '60', '--temp', '0'], terminal)).toBe(
    0,
  )
  const [first, second] = terminal.out.split('\n')
  expect(first).toContain('Paris')
  expect(second).toContain('Anna')
})

it.skipIf(isSkipped)('TinyLlama answers by a schema, turn by turn', async () => {
  const terminal = new FakeTerminal()
  terminal.typed = ['Anna is nine years old. Who is she?', 'Bob is 5. Who is he?']
  const schema = {
    properties: {
      name: { type: 'string', maxLength: 12 },
      age: { type: 'integer', minimum: 0, maximum: 99 },
    },
    required: ['name', 'age'],
  }
  terminal.files.set('person.json', JSON.stringify(schema))
  const options = [
    '--system',
    'Answer in JSON with name and age.',
    '--json-schema',
    'person.json',
    '--temp',
    '0',
  ]
  expect(await main(['chat', path, ...options], terminal)).toBe(0)
  const replies = terminal.out.match(/\{[^}]*\}/g)
  expect(replies?.map((reply) => JSON.parse(reply))).toEqual([
    { name: 'Anna', age: 9 },
    { name: 'Bob', age: 5 },
  ])
})
