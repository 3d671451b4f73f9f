import type { ChatMessage } from '../../index.js'
import type { Messages } from '../../serving/chats.js'
import type { Call } from '../call.js'
import type { Limits } from '../options.js'
import type { Fields } from '../request/fields.js'
import { Completions } from '../service/completions.js'
import type { ServedModel } from '../service/models.js'
import { Replies } from '../service/replies.js'
import { answer } from './answer.js'
import { contextOf, messagesOf } from './context.js'
import { loadOnly, modelNamed, ollamaEndpoint, readUnload, refuseImages } from './endpoint.js'
import { type Piece, replyPieces, textPieces } from './pieces.js'
import { type OllamaWriting, readOverflow, readWriting } from './read-writing.js'
import { Stopwatch } from './stopwatch.js'

/** Replies to prompts: by the model's template, or as a continuation with `raw` or a `suffix`. */
export const generate = ollamaEndpoint({
  method: 'POST',
  path: '/api/generate',
  async answer(call) {
    call.promptField = 'prompt'
    const watch = new Stopwatch()
    const fields = await call.fields()
    const unloads = readUnload(fields)
    const request = readGenerate(fields, call.limits)
    if (request.prompt === '') return loadOnly(call, request.model, { unloads, reply: { response: '' } })
    const served = await modelNamed(call, request.model)
    watch.loaded()
    await call.enter()
    watch.entered()
    const answering = { call, served, request, watch }
    return request.isText ? continueText(answering) : reply(answering)
  },
})

interface GenerateRequest extends OllamaWriting {
  readonly prompt: string
  readonly suffix: string
  readonly system: string
  /** What the client has sent back of an earlier reply. */
  readonly context: readonly unknown[]
  /** Whether the prompt is continued without a template. */
  readonly isText: boolean
  readonly overflow: ReturnType<typeof readOverflow>
}

interface Answering {
  readonly call: Call
  readonly served: ServedModel
  readonly request: GenerateRequest
  readonly watch: Stopwatch
}

function readGenerate(fields: Fields, limits: Limits): GenerateRequest {
  refuseImages(fields)
  if (fields.string('template')) {
    throw fields.invalid(
      'template',
      'is not supported: models have templates in Jinja; render the prompt and set raw',
      'unsupported_parameter',
    )
  }
  const text = (field: string) => fields.string(field) ?? ''
  const [system, suffix] = [text('system'), text('suffix')]
  const context = fields.array('context') ?? []
  const isRaw = fields.boolean('raw') ?? false
  if (isRaw && (system !== '' || context.length > 0)) {
    throw fields.invalid('raw', 'contradicts system and context', 'contradictory_parameters')
  }
  return {
    ...readWriting(fields, limits),
    ...{ prompt: text('prompt'), system, suffix, context },
    isText: isRaw || suffix !== '',
    overflow: readOverflow(fields),
  }
}

function reply({ call, served, request, watch }: Answering): Promise<Response> {
  const messages = messagesFor(served, request)
  const chat = { ...request, messages, tools: [], forced: undefined }
  const replies = new Replies(served, chat, call.signal)
  return answer({
    call,
    request,
    pieces: replyPieces({ served, watch, source: replies }),
    describe,
    ending: ({ content }) => {
      const said: ChatMessage = { role: 'assistant', content }
      return { context: contextOf(served.model, [...messages, said]), ...watch.totals(replies.counts) }
    },
  })
}

/** The conversation with the new prompt; a new system message replaces an earlier one. */
function messagesFor({ model }: ServedModel, { context, system, prompt }: GenerateRequest): Messages {
  const before = context.length === 0 ? [] : messagesOf(model, context)
  const user: ChatMessage = { role: 'user', content: prompt }
  if (system === '') return [...before, user]
  return [{ role: 'system', content: system }, ...before.filter(({ role }) => role !== 'system'), user]
}

function continueText({ call, served, request, watch }: Answering): Promise<Response> {
  const { prompt, suffix } = request
  const gap = suffix === '' ? undefined : { suffix, isCut: false }
  const texts = new Completions(served, { ...request, prompts: [prompt], gap, echo: false }, call.signal)
  return answer({
    call,
    request,
    pieces: textPieces({ served, watch, source: texts }),
    describe,
    ending: () => watch.totals(texts.counts),
  })
}

function describe({ content, thinking }: Piece): object {
  return { response: content, ...(thinking !== '' && { thinking }) }
}
