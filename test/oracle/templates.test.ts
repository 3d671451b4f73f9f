/**
 * Compares prompts with other programs': the text with that of `@huggingface/jinja`'s interpreter, the ids with those
 * that llama.cpp gives for the text. `npm run test:templates` prints a table.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Template as OtherTemplate } from '@huggingface/jinja'
import type { Llama, LlamaModel } from 'node-llama-cpp'
import { beforeAll, describe, expect, it } from 'vitest'
import { PromptBuilder } from '../../src/chat/prompt.js'
import { checkTools } from '../../src/chat/tools.js'
import { Transcript } from '../../src/chat/transcript.js'
import { readChatTemplates } from '../../src/facade/chat-templates.js'
import { Metadata } from '../../src/gguf/metadata.js'
import { createTokenizer } from '../../src/tokenizer/create.js'
import type { Tokenizer } from '../../src/tokenizer/tokenizer.js'
import { asOpenAi, type Case, CONVERSATIONS } from '../chat/conversations.js'
import {
  chatMetadata,
  TEMPLATE_FILES,
  type TemplateFile,
  templateSource,
  vocabularyFile,
} from '../chat/template-files.js'
import { temporaryFolder } from '../support/model-files.js'
import '../support/row-reporter.js'
import { startLlama } from './llama-cpp.js'

let llama: Llama
beforeAll(async () => {
  llama = await startLlama()
})

/** How the lines of a template end. Jinja treats both forms alike, so both must give the same ids. */
const FORMS = ['LF', 'CRLF'] as const
type Form = (typeof FORMS)[number]

/** A vocabulary, ours and llama.cpp's. */
interface Vocabulary {
  readonly tokenizer: Tokenizer
  readonly oracle: LlamaModel
}

describe.for(TEMPLATE_FILES)('prompts of $name', (file) => {
  let metadata: Metadata
  let vocabulary: Vocabulary

  beforeAll(async () => {
    metadata = await chatMetadata(file)
    await using folder = await temporaryFolder()
    const modelPath = join(folder.path, 'vocabulary.gguf')
    await writeFile(modelPath, vocabularyFile(metadata))
    const oracle = await llama.loadModel({ modelPath, vocabOnly: true })
    vocabulary = { tokenizer: createTokenizer(metadata), oracle }
    return () => oracle.dispose()
  })

  it.for(FORMS)('%s', (form, { task }) => {
    task.meta.row = {
      template: file.name,
      lines: form,
      vocabulary: file.vocabulary,
      ...compare(file, readChatTemplates(withLines(metadata, form)), vocabulary),
    }
  })
})

function compare(
  file: TemplateFile,
  chatTemplates: ReadonlyMap<string, string>,
  { tokenizer, oracle }: Vocabulary,
) {
  let ids = 0
  let texts = 0
  const now = new Date()
  for (const conversation of CONVERSATIONS) {
    const { messages, tools = [], variables = {} } = conversation
    const builder = new PromptBuilder(
      { tokenizer, chatTemplates },
      { template: undefined, templateVariables: variables, tools: checkTools(tools) },
    )
    const prompt = builder.build(messages, 0, now, new Transcript(tokenizer))
    const { text } = prompt.text
    const other = otherText(file, conversation, {
      bos_token: tokenizer.bosId === undefined ? '' : tokenizer.piece(tokenizer.bosId),
      eos_token: tokenizer.eosId === undefined ? '' : tokenizer.piece(tokenizer.eosId),
    })
    if (other !== undefined) {
      expect(text, conversation.name).toBe(other)
      texts++
    }
    const expected: number[] = [...oracle.tokenize(text, true)]
    // Like llama.cpp's server: BOS if the file asks for it, but only once.
    const { bosId } = tokenizer
    const first = tokenizer.encode('')[0]
    if (first !== undefined && first === bosId && expected[0] !== bosId) expected.unshift(first)
    expect(prompt.ids, `${conversation.name}: ${text}`).toEqual(expected)
    ids += expected.length
  }
  return { conversations: CONVERSATIONS.length, 'texts equal': texts, 'ids equal': ids }
}

const TEMPLATE_KEY = 'tokenizer.chat_template'

/** The same metadata with a template whose lines end in this form. */
function withLines(metadata: Metadata, form: Form): Metadata {
  const values = new Map(metadata.entries())
  const source = (values.get(TEMPLATE_KEY) as string).replaceAll('\r\n', '\n')
  values.set(TEMPLATE_KEY, form === 'LF' ? source : source.replaceAll('\n', '\r\n'))
  return new Metadata('template.gguf', values)
}

/** Another interpreter's rendering of the same conversation; empty if the template lacks a part of it. */
function otherText(
  file: TemplateFile,
  { messages, tools, variables, needs }: Case,
  tokens: { bos_token: string; eos_token: string },
): string | undefined {
  if (needs.some((need) => file.lacks.includes(need))) return undefined
  const template = new OtherTemplate(templateSource(file))
  let failure: unknown
  // Templates differ in whether a message that only calls tools has none or an empty text for content.
  for (const withNone of [true, false]) {
    try {
      return template.render({
        messages: messages.map((message) => asOpenAi(message, { withNone })),
        // Its interpreter cannot loop over undefined, which means no tools in Python.
        ...(tools ? { tools: checkTools(tools) } : file.name.includes('Hermes') ? { tools: [] } : {}),
        ...variables,
        ...tokens,
        add_generation_prompt: true,
      })
    } catch (error) {
      failure ??= error
    }
  }
  throw failure
}
