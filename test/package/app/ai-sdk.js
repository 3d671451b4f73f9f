/** The AI SDK of any version with a model of the packed package; prints what it got. */
import { embedMany, generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai'
import { loadModel } from 'dasllama'
import { createDasllama } from 'dasllama/ai-sdk'

const [path, specification] = process.argv.slice(2)
const model = await loadModel(path, { contextLength: 1024, kernels: 'baseline', threads: 1 })

/** Makes the model write a text. */
let ids = []
const says = (text) => {
  ids = [...model.encode(`.${text}`, { addSpecial: false }).slice(1), model.tokenizer.eosId]
}
const dasllama = createDasllama({
  models: {
    tiny: { model, template: 'chatml' },
    scripted: {
      model,
      template: 'chatml',
      replyFormat: { reasoning: 'think', tools: 'hermes' },
      sampling: { samplers: [(candidates) => candidates.keep([ids[candidates.previousTokens.length]])] },
    },
  },
  specification,
})
const call = {
  model: dasllama('tiny'),
  prompt: 'Once upon a time',
  temperature: 0,
  maxOutputTokens: 8,
  seed: 1,
}
const whole = await generateText(call)
const stream = streamText(call)
let streamed = ''
for await (const piece of stream.textStream) streamed += piece
says(
  '<think>\nHm.\n</think>\n\n<tool_call>\n{"name": "weather", "arguments": {"city": "Rome"}}\n</tool_call>',
)
const steps = await generateText({
  model: dasllama('scripted'),
  prompt: 'Rome?',
  stopWhen: stepCountIs(3),
  // Version 5 has no such option, and ignores it.
  reasoning: 'low',
  tools: {
    weather: tool({
      inputSchema: jsonSchema({ type: 'object', properties: { city: { type: 'string' } } }),
      execute: async ({ city }) => {
        says(`Sunny in ${city}.`)
        return { sky: 'clear' }
      },
    }),
  },
})
const { embeddings, usage } = await embedMany({
  model: dasllama.textEmbeddingModel('tiny'),
  values: ['a', 'b'],
})
const image = { type: 'file', data: Uint8Array.of(0x89, 0x50, 0x4e, 0x47), mediaType: 'image/png' }
const text = { type: 'file', data: new TextEncoder().encode('grüße'), mediaType: 'text/plain' }
const asked = (part) =>
  generateText({ ...call, prompt: [{ role: 'user', content: [{ type: 'text', text: 'Look' }, part] }] })
const refused = await asked(image).catch((error) => error.code)
const read = await asked(text)
await model.dispose()
console.log(
  JSON.stringify({
    text: whole.text,
    isSame: streamed === whole.text,
    reasons: [whole.finishReason, ...steps.steps.map(({ finishReason }) => finishReason)],
    outputTokens: whole.usage.outputTokens,
    reasoning: steps.steps[0].reasoningText,
    answer: steps.text,
    embeddings: embeddings.length,
    tokens: usage.tokens,
    refused,
    read: read.usage.inputTokens > whole.usage.inputTokens,
    warnings: whole.warnings,
  }),
)
