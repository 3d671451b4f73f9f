/** Vercel's own functions with models of the provider: texts, tools, objects, reasoning, errors and cancellation. */
import {
  generateObject,
  generateText,
  jsonSchema,
  Output,
  stepCountIs,
  streamObject,
  streamText,
  ToolLoopAgent,
  tool,
} from 'ai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createDasllama, type DasllamaProvider, languageModel } from '../../src/ai-sdk/index.js'
import type { Model } from '../../src/index.js'
import { collected, Script, tinyStories } from '../server/support.js'

let model: Model
let script: Script
let dasllama: DasllamaProvider
beforeAll(async () => {
  model = await tinyStories(1024)
  script = new Script(model)
  dasllama = createDasllama({
    models: {
      tiny: { model, template: 'chatml' },
      scripted: {
        model,
        template: 'chatml',
        replyFormat: { reasoning: 'think', tools: 'hermes' },
        sampling: script.sampling,
      },
    },
  })
})
afterAll(async () => {
  await dasllama.dispose()
  await model.dispose()
})

const WEATHER = tool({
  description: 'The weather of a city',
  inputSchema: z.object({ city: z.string() }),
})
const CALL = 'Let me look.\n<tool_call>\n{"name": "weather", "arguments": {"city": "Rome"}}\n</tool_call>'

describe('texts', () => {
  it('writes one, with usage and metadata', async () => {
    const result = await generateText({
      model: dasllama('tiny'),
      system: 'Tell stories.',
      prompt: 'Once upon a time',
      temperature: 0,
      maxOutputTokens: 12,
    })
    expect(result.text).toMatch(/girl/)
    expect(result.finishReason).toBe('length')
    expect(result.rawFinishReason).toBe('length')
    expect(result.usage).toMatchObject({
      inputTokens: 60,
      outputTokens: 12,
      totalTokens: 72,
      inputTokenDetails: { noCacheTokens: 60, cacheReadTokens: 0 },
      outputTokenDetails: { textTokens: 12, reasoningTokens: 0 },
    })
    expect(result.response).toMatchObject({ modelId: 'tiny', id: expect.stringMatching(/^dasllama-/) })
    expect(result.warnings).toEqual([])
  })

  it('streams the same text, and reuses the tokens of the first call', async () => {
    const call = {
      model: dasllama('tiny'),
      prompt: 'Tell me about the dog',
      temperature: 0,
      maxOutputTokens: 12,
      seed: 7,
    }
    const whole = await generateText(call)
    const stream = streamText(call)
    const pieces = await collected(stream.textStream)
    expect(pieces.length).toBeGreaterThan(3)
    expect(pieces.join('')).toBe(whole.text)
    expect(await stream.finishReason).toBe('length')
    const { inputTokenDetails, inputTokens } = await stream.usage
    expect(inputTokenDetails.cacheReadTokens).toBeGreaterThan(10)
    expect(inputTokens).toBe(whole.usage.inputTokens)
  })

  it('continues a conversation from its cache', async () => {
    const messages = [{ role: 'user' as const, content: 'The cat sat on the mat. '.repeat(8) }]
    const first = await generateText({ model: dasllama('tiny'), messages, maxOutputTokens: 8 })
    const second = await generateText({
      model: dasllama('tiny'),
      messages: [...messages, ...first.response.messages, { role: 'user', content: 'And then?' }],
      maxOutputTokens: 4,
    })
    expect(second.usage.inputTokenDetails.cacheReadTokens).toBeGreaterThanOrEqual(
      first.usage.inputTokens! - 8,
    )
  })

  it('ends at a stop sequence, which is not in the text', async () => {
    script.says('One, two, three')
    const { text, finishReason } = await generateText({
      model: dasllama('scripted'),
      prompt: 'Count',
      stopSequences: [', three'],
    })
    expect(text).toBe('One, two')
    expect(finishReason).toBe('stop')
  })

  it('gives the same reply for the same seed, also a negative one', async () => {
    const write = async (seed: number) =>
      (
        await generateText({
          model: dasllama('tiny'),
          prompt: 'Once',
          temperature: 1,
          seed,
          maxOutputTokens: 12,
        })
      ).text
    expect(await write(5)).toBe(await write(5))
    expect(await write(-5)).toBe(await write(-5))
    expect(await write(5)).not.toBe(await write(-5))
  })

  it('writes several at the same time, each as if alone', async () => {
    const prompts = ['The dog', 'A girl named Lily', 'Once upon a time']
    const write = async (prompt: string) =>
      (await generateText({ model: dasllama('tiny'), prompt, temperature: 0, seed: 1, maxOutputTokens: 10 }))
        .text
    const alone: string[] = []
    for (const prompt of prompts) alone.push(await write(prompt))
    expect(await Promise.all(prompts.map(write))).toEqual(alone)
  })

  it('takes the options of the library under its name', async () => {
    const write = (dasllamaOptions: Record<string, string | number>) =>
      generateText({
        model: dasllama('tiny'),
        prompt: 'Say yes or no',
        maxOutputTokens: 8,
        providerOptions: { dasllama: dasllamaOptions },
      })
    expect((await write({ grammar: 'root ::= "yes" | "no"' })).text).toMatch(/^(yes|no)$/)
    await expect(write({ minp: 0.1 })).rejects.toThrow(/did you mean minP/)
    await expect(write({ repeatPenalty: 1.1 })).rejects.toThrow(/did you mean penalty/)
    await expect(write({ minP: 7 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await expect(write({ signal: 1 })).rejects.toThrow(/cannot have the key "signal"/)
  })

  it('reads files that are texts', async () => {
    const parts = [
      { type: 'text' as const, text: 'Read this:' },
      { type: 'file' as const, data: new TextEncoder().encode('grüße'), mediaType: 'text/plain' },
    ]
    script.says('ok')
    const call = (content: typeof parts) =>
      generateText({ model: dasllama('scripted'), messages: [{ role: 'user', content }] })
    const { usage } = await call(parts)
    const { usage: without } = await call(parts.slice(0, 1))
    expect(usage.inputTokens!).toBeGreaterThan(without.inputTokens! + 3)
  })
})

describe('reasoning', () => {
  it('is a part of its own, with its tokens counted', async () => {
    script.says('<think>\nTwo and two.\n</think>\n\nFour.')
    const result = await generateText({ model: dasllama('scripted'), prompt: 'Two and two?' })
    expect(result.reasoningText).toBe('Two and two.')
    expect(result.text).toBe('Four.')
    expect(result.content.map(({ type }) => type)).toEqual(['reasoning', 'text'])
    const { reasoningTokens, textTokens } = result.usage.outputTokenDetails
    expect(reasoningTokens).toBeGreaterThan(3)
    expect(reasoningTokens! + textTokens!).toBe(result.usage.outputTokens)
    const again = streamText({ model: dasllama('scripted'), prompt: 'Two and two?' })
    const types = (await collected(again.fullStream)).map(({ type }) => type)
    expect(types.filter((type, i) => type !== types[i - 1])).toEqual([
      ...['start', 'start-step', 'reasoning-start', 'reasoning-delta', 'reasoning-end'],
      ...['text-start', 'text-delta', 'text-end', 'finish-step', 'finish'],
    ])
  })

  it('goes back into the prompt', async () => {
    script.says('<think>\nHm.\n</think>\n\nYes.')
    const first = await generateText({ model: dasllama('scripted'), prompt: 'Is it?' })
    script.says('No.')
    const messages = [
      { role: 'user' as const, content: 'Is it?' },
      ...first.response.messages,
      { role: 'user' as const, content: 'Really?' },
    ]
    expect((await generateText({ model: dasllama('scripted'), messages })).text).toBe('No.')
  })

  it('is turned off and on by the option of version 4; a model without it warns', async () => {
    const four = createDasllama({
      models: {
        tiny: { model, template: 'chatml' },
        thinks: {
          model,
          template: `{% if enable_thinking is defined %}{{ enable_thinking }} {{ reasoning_effort }}{% endif %}
{%- for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}{{ '<think>' if enable_thinking else '' }}`,
          replyFormat: { reasoning: 'think' },
        },
      },
      specification: 'v4',
    })
    const prompt = [{ role: 'user' as const, content: [{ type: 'text', text: 'Hi' }] }]
    const tokens = async (name: string, reasoning?: string) => {
      const result = await four(name).doGenerate({ prompt, reasoning, maxOutputTokens: 1 })
      return { warnings: result.warnings, input: result.usage.inputTokens.total }
    }
    expect(await tokens('tiny', 'high')).toMatchObject({
      warnings: [{ type: 'unsupported', feature: 'reasoning' }],
    })
    expect(await tokens('tiny', 'none')).toMatchObject({ warnings: [] })
    const plain = await tokens('thinks')
    const thinking = await tokens('thinks', 'xhigh')
    expect(thinking.warnings).toEqual([])
    expect(thinking.input).toBeGreaterThan(plain.input)
    expect(await tokens('thinks', 'enormous')).toMatchObject({ warnings: [{ feature: 'reasoning' }] })
  })
})

describe('tools', () => {
  it('are called, and their results are read, over several steps', async () => {
    script.says(CALL)
    const result = await generateText({
      model: dasllama('scripted'),
      prompt: 'How is the weather in Rome?',
      stopWhen: stepCountIs(3),
      tools: {
        weather: tool({
          ...WEATHER,
          inputSchema: z.object({ city: z.string() }),
          execute: async ({ city }) => {
            script.says(`Sunny in ${city}.`)
            return { sky: 'clear', city }
          },
        }),
      },
    })
    expect(result.steps.map(({ finishReason }) => finishReason)).toEqual(['tool-calls', 'stop'])
    expect(result.steps[0].toolCalls).toMatchObject([{ toolName: 'weather', input: { city: 'Rome' } }])
    expect(result.steps[0].text).toBe('Let me look.')
    expect(result.text).toBe('Sunny in Rome.')
    // The second step begins with the first one's conversation.
    expect(result.steps[1].usage.inputTokenDetails.cacheReadTokens).toBeGreaterThan(60)
  })

  it('stream their arguments between the start and the end of a call', async () => {
    script.says(CALL)
    const stream = streamText({ model: dasllama('scripted'), prompt: 'Rome?', tools: { weather: WEATHER } })
    const parts = await collected(stream.fullStream)
    const about = parts.filter(({ type }) => type.startsWith('tool'))
    const ids = about.map((part) => ('toolCallId' in part ? part.toolCallId : 'id' in part ? part.id : ''))
    expect(new Set(ids).size).toBe(1)
    expect(about[0]).toMatchObject({ type: 'tool-input-start', toolName: 'weather' })
    const given = about.map((part) => (part.type === 'tool-input-delta' ? part.delta : '')).join('')
    expect(JSON.parse(given)).toEqual({ city: 'Rome' })
    expect(about.slice(-2).map(({ type }) => type)).toEqual(['tool-input-end', 'tool-call'])
    expect(about.at(-1)).toMatchObject({ input: { city: 'Rome' } })
  })

  it('are called several at once', async () => {
    script.says(`${CALL}\n${CALL.replace('Rome', 'Oslo').slice(13)}`)
    const { toolCalls } = await generateText({
      model: dasllama('scripted'),
      prompt: 'Both?',
      tools: { weather: WEATHER },
    })
    expect(toolCalls.map(({ input }) => input)).toEqual([{ city: 'Rome' }, { city: 'Oslo' }])
    expect(new Set(toolCalls.map(({ toolCallId }) => toolCallId)).size).toBe(2)
  })

  it('that fail or answer in other forms give the model a result', async () => {
    script.says(CALL)
    const failing = await generateText({
      model: dasllama('scripted'),
      prompt: 'Rome?',
      stopWhen: stepCountIs(2),
      tools: {
        weather: tool({
          ...WEATHER,
          inputSchema: z.object({ city: z.string() }),
          execute: async (): Promise<string> => {
            script.says('I could not look.')
            throw new Error('no network')
          },
        }),
      },
    })
    expect(failing.text).toBe('I could not look.')
    for (const output of [
      { type: 'text', value: 'sunny' },
      { type: 'execution-denied', reason: 'not today' },
      { type: 'execution-denied' },
      { type: 'error-json', value: { code: 7 } },
      { type: 'content', value: [{ type: 'text', text: 'a' }] },
    ] as const) {
      script.says('Well.')
      const { text, warnings } = await generateText({
        model: dasllama('scripted'),
        messages: [
          { role: 'user', content: 'Rome?' },
          {
            role: 'assistant',
            content: [
              { type: 'tool-call', toolCallId: 'call00001', toolName: 'weather', input: { city: 'Rome' } },
            ],
          },
          {
            role: 'tool',
            content: [
              {
                type: 'tool-result',
                toolCallId: 'call00001',
                toolName: 'weather',
                output: output as { type: 'text'; value: string },
              },
            ],
          },
        ],
      })
      expect(text).toBe('Well.')
      expect(warnings).toEqual([])
    }
  })

  it('are not called with the choice none', async () => {
    script.says(CALL)
    const call = { model: dasllama('scripted'), prompt: 'Rome?', tools: { weather: WEATHER } }
    const { toolCalls, text } = await generateText({ ...call, toolChoice: 'none' })
    expect(toolCalls).toEqual([])
    expect(text).toContain('<tool_call>')
    expect((await generateText(call)).toolCalls).toHaveLength(1)
  })

  it('of hosted services are left out with a warning', async () => {
    script.says('Hello.')
    const { warnings } = await languageModel(model, {
      template: 'chatml',
      sampling: script.sampling,
    }).doGenerate({
      prompt: [{ role: 'user', content: [{ type: 'text', text: 'Search' }] }],
      tools: [{ type: 'provider', name: 'search' }],
    })
    expect(warnings).toMatchObject([{ type: 'unsupported', feature: 'tool search' }])
  })

  it('serve an agent', async () => {
    script.says(CALL)
    const agent = new ToolLoopAgent({
      model: dasllama('scripted'),
      instructions: 'Be brief.',
      tools: {
        weather: tool({
          ...WEATHER,
          inputSchema: z.object({ city: z.string() }),
          execute: async () => {
            script.says('Sunny.')
            return 'sun'
          },
        }),
      },
    })
    const { text, steps } = await agent.generate({ prompt: 'Rome?' })
    expect(text).toBe('Sunny.')
    expect(steps).toHaveLength(2)
  })
})

describe('objects', () => {
  const PERSON = z.object({ name: z.string().max(8), age: z.int().min(1).max(9) })

  it('follow their schema', async () => {
    const { output } = await generateText({
      model: dasllama('tiny'),
      prompt: 'A person',
      output: Output.object({ schema: PERSON }),
    })
    expect(PERSON.parse(output)).toEqual(output)
    const { object } = await generateObject({ model: dasllama('tiny'), prompt: 'A person', schema: PERSON })
    expect(PERSON.parse(object)).toEqual(object)
  })

  it('stream in pieces', async () => {
    const stream = streamObject({ model: dasllama('tiny'), prompt: 'A person', schema: PERSON })
    const partial = await collected(stream.partialObjectStream)
    expect(partial.length).toBeGreaterThan(1)
    expect(PERSON.parse(await stream.object)).toEqual(partial.at(-1))
  })

  it('may be choices, arrays, or any JSON', async () => {
    const { output: choice } = await generateText({
      model: dasllama('tiny'),
      prompt: 'Is it?',
      output: Output.choice({ options: ['yes', 'no'] }),
    })
    expect(['yes', 'no']).toContain(choice)
    const { object } = await generateObject({
      model: dasllama('tiny'),
      prompt: 'Names',
      output: 'array',
      schema: jsonSchema<string>({ type: 'string', maxLength: 4 }),
      maxOutputTokens: 200,
      temperature: 0,
      providerOptions: {
        dasllama: { responseFormat: { type: 'grammar', grammar: 'root ::= "{\\"elements\\":[\\"a\\"]}"' } },
      },
    })
    expect(object).toEqual(['a'])
  })

  it('that cannot be enforced are refused before anything runs', async () => {
    await expect(
      generateObject({
        model: dasllama('tiny'),
        prompt: 'A',
        schema: jsonSchema({ type: 'object', properties: { a: { $ref: '#/nowhere' } } }),
      }),
    ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })
})

describe('cancellation', () => {
  it('rejects with the reason of the signal, before and while the model writes', async () => {
    const call = {
      model: dasllama('tiny'),
      prompt: 'Once',
      providerOptions: { dasllama: { ignoreEos: true } },
    }
    const gone = new Error('gone')
    await expect(generateText({ ...call, abortSignal: AbortSignal.abort(gone) })).rejects.toBe(gone)
    const controller = new AbortController()
    const running = generateText({ ...call, abortSignal: controller.signal })
    setTimeout(() => controller.abort(gone), 50)
    await expect(running).rejects.toBe(gone)
  })

  it('ends a stream as aborted, and frees the model', async () => {
    const controller = new AbortController()
    const stream = streamText({
      model: dasllama('tiny'),
      prompt: 'Once',
      abortSignal: controller.signal,
      providerOptions: { dasllama: { ignoreEos: true } },
    })
    const types: string[] = []
    for await (const part of stream.fullStream) {
      types.push(part.type)
      if (part.type === 'text-delta') controller.abort()
    }
    expect(types.at(-1)).toBe('abort')
    const { text } = await generateText({ model: dasllama('tiny'), prompt: 'Once', maxOutputTokens: 3 })
    expect(text).not.toBe('')
  })

  it('a reader that leaves frees the chat, whether or not it has read', async () => {
    const own = languageModel(model, { template: 'chatml', cachedConversations: 1 })
    const call = {
      prompt: [{ role: 'user' as const, content: [{ type: 'text', text: 'Once upon a time there was' }] }],
      providerOptions: { dasllama: { ignoreEos: true } },
    }
    for (const reads of [0, 1, 5]) {
      const { stream } = await own.doStream(call)
      const reader = stream.getReader()
      for (let i = 0; i < reads; i++) expect((await reader.read()).done).toBe(false)
      await reader.cancel()
    }
    // The chat is back in the cache, with the prompt.
    const { usage } = await own.doGenerate({ ...call, maxOutputTokens: 1 })
    expect(usage.inputTokens.cacheRead).toBeGreaterThan(5)
  })
})
