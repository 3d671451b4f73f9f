import { DEFAULT_OVERFLOW } from '../../index.js'
import { maxTokensOption } from '../arguments/ending-options.js'
import { engineOptions, load, sessionOptions } from '../arguments/engine-options.js'
import { formatOptions, givenFormat } from '../arguments/format-options.js'
import { MODEL } from '../arguments/model-options.js'
import { choice, group, texts, tokenIds } from '../arguments/options.js'
import { CHOOSING, givenParams, samplingOfChats, seedOption } from '../arguments/sampling-options.js'
import {
  checkSpeculationOptions,
  loadDraft,
  speculationOf,
  speculationOptions,
} from '../arguments/speculation-options.js'
import { TEMPLATE_HINT, templateOptions, variablesOf } from '../arguments/template-options.js'
import { command, type Hints } from '../command.js'
import { interruptible } from '../interrupt.js'
import { converse } from './conversation.js'
import { ChatState } from './state.js'

const OVERFLOW = ['drop-oldest', 'shift', 'error'] as const

const options = {
  ...group('The conversation', {
    ...templateOptions,
    overflow: choice(
      OVERFLOW,
      'what to do when the context is full: forget the oldest turns, or tokens, or fail',
      DEFAULT_OVERFLOW,
    ),
    maxTokens: maxTokensOption('cut a reply after N tokens', 1),
    stop: texts('TEXT', 'end a reply where it says this, which is left out; may be given several times'),
    stopIds: tokenIds('tokens that end a reply'),
    ...samplingOfChats.ending,
    ...formatOptions,
    ...speculationOptions,
  }),
  ...samplingOfChats.choosing,
  ...group(CHOOSING, {
    seed: seedOption('same seed, same replies; drawn when not given'),
  }),
  ...samplingOfChats.repetition,
  ...samplingOfChats.tokens,
  ...engineOptions,
}

const hints: Hints = {
  NO_TEMPLATE: `if it is not a chat model, use dasllama run; otherwise ${TEMPLATE_HINT}`,
  CONTEXT_FULL:
    'shorten the message, or begin again with a larger --context or another --overflow; on a terminal /undo and /clear make room',
}

export const chat = command({
  name: 'chat',
  summary: 'Talk with a model',
  operands: [MODEL],
  options,
  notes: `On a terminal /help lists what can be done besides talking. Ctrl-C stops a reply, again leaves, and so does Ctrl-D.
Where standard input is not a terminal, each line of it is a message, and the replies go to standard output.
Where the model's file recommends how to choose tokens, that is the default.

  dasllama chat model.gguf --system "You are a pirate." --temp 0.7
  dasllama chat model.gguf --system "Answer in JSON." --json-schema answer.json
  echo "What is a llama?" | dasllama chat model.gguf
`,
  hints,
  async run([source], values, terminal, written) {
    const params = givenParams(values, written)
    const templateVariables = variablesOf(values.templateVariables)
    checkSpeculationOptions(values)
    let code = 0
    const interrupted = await interruptible(terminal, async (signal) => {
      const given = await givenFormat(values, terminal)
      await using model = await load(source, values, terminal, signal)
      await using draft = (await loadDraft(values, terminal, signal)) ?? null
      const { system, template, overflow, maxTokens, stop, stopIds } = values
      const state = new ChatState(
        model,
        { source, params, given },
        {
          system,
          template,
          templateVariables,
          overflow,
          maxTokens,
          stop,
          stopIds,
          speculation: speculationOf(values, draft ?? undefined),
          session: sessionOptions(values),
        },
      )
      try {
        code = await converse(state, terminal, hints)
      } finally {
        await state.dispose()
      }
    })
    return interrupted || code
  },
})
