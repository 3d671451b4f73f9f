/** What a program gets from the AI SDK, LangChain and the Prompt API, in Node as in a page. */
import { HumanMessage } from '@langchain/core/messages'
import { generateText, jsonSchema, Output, stepCountIs, streamText, tool } from 'ai'

/** `entries` are those of the package; `source` is one that the runtime can pass to `loadModel`, with `options`. */
export async function converse({ dasllama, aiSdk, langchain, promptApi }, source, options) {
  const model = await dasllama.loadModel(source, { contextLength: 1024, kernels: 'baseline', ...options })
  let ids = []
  const says = (text) => {
    ids = [...model.encode(`.${text}`, { addSpecial: false }).slice(1), model.tokenizer.eosId]
  }
  const scripted = {
    template: 'chatml',
    replyFormat: { reasoning: 'think', tools: 'hermes' },
    sampling: { samplers: [(candidates) => candidates.keep([ids[candidates.previousTokens.length]])] },
  }
  const provider = aiSdk.createDasllama({
    models: { tiny: { model, template: 'chatml' }, scripted: { model, ...scripted } },
  })
  const story = {
    model: provider('tiny'),
    prompt: 'Once upon a time',
    temperature: 0,
    seed: 1,
    maxOutputTokens: 8,
  }
  const pieces = []
  for await (const piece of streamText(story).textStream) pieces.push(piece)
  says(
    '<think>\nHm.\n</think>\n\n<tool_call>\n{"name": "weather", "arguments": {"city": "Rome"}}\n</tool_call>',
  )
  const weather = tool({
    inputSchema: jsonSchema({ type: 'object', properties: { city: { type: 'string' } } }),
    execute: async ({ city }) => {
      says(`Sunny in ${city}.`)
      return 'clear'
    },
  })
  const steps = await generateText({
    model: provider('scripted'),
    prompt: 'Rome?',
    stopWhen: stepCountIs(2),
    tools: { weather },
  })
  const { output } = await generateText({
    ...story,
    maxOutputTokens: 60,
    output: Output.object({
      schema: jsonSchema({
        type: 'object',
        properties: { age: { type: 'integer', minimum: 1, maximum: 9 } },
        required: ['age'],
        additionalProperties: false,
      }),
    }),
  })
  const aborted = await generateText({ ...story, abortSignal: AbortSignal.abort(new Error('gone')) }).catch(
    ({ message }) => message,
  )

  const chat = new langchain.ChatDasllama({
    model,
    template: 'chatml',
    temperature: 0,
    seed: 1,
    maxTokens: 8,
  })
  let chunks = 0
  let chained = ''
  for await (const chunk of await chat.stream([new HumanMessage(story.prompt)])) {
    chunks++
    chained += chunk.text
  }

  const LanguageModel = promptApi.createLanguageModel(model, scripted)
  const session = await LanguageModel.create({ initialPrompts: [{ role: 'system', content: 'Be brief.' }] })
  says('Yes.')
  const answer = await session.prompt('Is it?')
  const clone = await session.clone()
  session.destroy()
  const error = await session.prompt('Still?').catch(({ name }) => name)
  const read = []
  const reader = clone.promptStreaming('And now?').getReader()
  for (let next = await reader.read(); !next.done; next = await reader.read()) read.push(next.value)

  const result = {
    story: pieces.join(''),
    streams: [pieces.length > 3, chunks > 3, read.length > 1],
    answer: steps.text,
    reasoning: steps.steps[0].reasoningText,
    isObject: output.age > 0,
    aborted,
    chained,
    prompted: [answer, error, read.join('')],
    usage: [session.contextUsage, clone.contextUsage],
  }
  await provider.dispose()
  await model.dispose()
  return result
}
