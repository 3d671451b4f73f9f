/** Errors of callers, files and templates in a chat: each is reported with its code, and the chat can continue. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Chat,
  type ChatMessage,
  type ChatOptions,
  createChat,
  DasllamaError,
  type ErrorCode,
  loadModel,
  type Model,
} from '../../src/index.js'
import { TINY_STORIES } from '../support/model-files.js'

const CONTEXT = 512
let model: Model

beforeAll(async () => {
  model = await loadModel(TINY_STORIES)
})
afterAll(() => model.dispose())

function chatOf(options: ChatOptions = {}): Chat {
  const session = { contextLength: CONTEXT }
  return createChat(model, { template: 'chatml', temp: 0, maxTokens: 6, session, ...options })
}

async function say(chat: Chat, content: string): Promise<void> {
  chat.addUser(content)
  for await (const _ of chat.respond()) {
  }
}

async function failureOf(action: () => unknown): Promise<DasllamaError> {
  try {
    await action()
  } catch (error) {
    if (error instanceof DasllamaError) return error
    throw error
  }
  throw new Error('it did not fail')
}

/** A template with this body if the last message contains NOW. */
const when = (body: string): ChatOptions => ({
  template: `{% for m in messages %}<{{ m.role }}>{{ m.content }}\n{% endfor %}{% if 'NOW' in messages[-1].content %}${body}{% endif %}<assistant>`,
})
const now = (chat: Chat) => {
  chat.addUser('NOW')
  chat.respond()
}
const withSchema = (schema: object) => (chat: Chat) => {
  chat.addUser('Who?')
  return chat.respond({ responseFormat: { type: 'json_schema', schema } }).result()
}
const withGrammar = (grammar: string) => (chat: Chat) => {
  chat.addUser('Who?')
  return chat.respond({ responseFormat: { type: 'grammar', grammar } }).result()
}
const calling = (args: unknown): ChatMessage => ({
  role: 'assistant',
  content: '',
  toolCalls: [{ name: 'weather', arguments: args as string }],
})

interface Case {
  readonly name: string
  readonly options?: ChatOptions
  readonly fails: (chat: Chat) => void
  readonly code: ErrorCode
  readonly message: string | RegExp
  readonly hint: RegExp | undefined
}

const CASES: readonly Case[] = [
  {
    name: 'a schema without valid values',
    fails: withSchema({ properties: { a: { type: 'string', minLength: 5, maxLength: 2 } }, required: ['a'] }),
    code: 'INVALID_ARGUMENT',
    message: 'JSON Schema, #: nothing is valid by it: minLength is more than maxLength at #/properties/a',
    hint: /^loosen/,
  },
  {
    name: 'a schema with infinite recursion',
    fails: withSchema({
      $ref: '#/$defs/list',
      $defs: { list: { properties: { next: { $ref: '#/$defs/list' } }, required: ['next'] } },
    }),
    code: 'INVALID_ARGUMENT',
    message: 'JSON Schema, #: nothing is valid by it: every value would have to contain another one',
    hint: /not required/,
  },
  {
    name: 'a schema that only refers to itself',
    fails: withSchema({ $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } }),
    code: 'INVALID_ARGUMENT',
    message: 'JSON Schema, #: its references lead to each other and to nothing else',
    hint: /other keywords/,
  },
  {
    name: 'a schema that is a cyclic object',
    fails: (chat) => {
      const schema: Record<string, unknown> = { type: 'array' }
      schema.items = schema
      return withSchema(schema)(chat)
    },
    code: 'INVALID_ARGUMENT',
    message: /^the JSON Schema is not JSON: .*$/,
    hint: /\$ref/,
  },
  {
    name: 'a schema that refers to another document',
    fails: withSchema({ properties: { n: { $ref: 'other.json' } } }),
    code: 'UNSUPPORTED',
    message: 'JSON Schema, #/properties/n/$ref: "other.json" is in another document',
    hint: /^put it into \$defs and refer to it as/,
  },
  {
    name: 'a grammar with a syntax error',
    fails: withGrammar('root ::= item+\nitem ::= "- " [a-z'),
    code: 'INVALID_ARGUMENT',
    message: 'grammar, line 2, column 15: the class has no end',
    hint: undefined,
  },
  {
    name: 'a grammar with an invalid rule',
    fails: withGrammar('root ::= "a"\nitem = "b"'),
    code: 'INVALID_ARGUMENT',
    message: 'grammar, line 2, column 6: expected ::= after "item", found "="',
    hint: /a rule is name ::= …/,
  },
  {
    name: 'a template that divides by zero',
    options: when('{{ 1 / 0 }}'),
    fails: now,
    code: 'TEMPLATE_FAILED',
    message:
      'the chat template fails: division by zero (line 2, column 56: "in messages[-1].content %}{{ 1 / 0 }}{% endif %}<assistant>")',
    hint: /option template$/,
  },
  {
    name: 'a template with very long loops',
    options: when('{% for a in range(99999) %}{% for b in range(99999) %}{{ a }}{% endfor %}{% endfor %}'),
    fails: now,
    code: 'LIMIT',
    // Which of the loops exceeds the limit depends on their costs.
    message: /^the chat template takes more than 10000000 steps \(line 2, column (85|105): ".*"\)$/,
    hint: /another template, or a shorter conversation/,
  },
  {
    name: 'a template with infinite recursion',
    options: when('{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}'),
    fails: now,
    code: 'LIMIT',
    message:
      'the chat template nests more than 500 levels deep (line 2, column 69: "%}{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}{% endif %}")',
    hint: /another template/,
  },
  {
    name: 'a template that writes too much',
    options: when("{{ 'a' * 9000000 }}"),
    fails: now,
    code: 'LIMIT',
    message:
      'the chat template makes a text of 9000000 characters; the limit is 4000000 (line 2, column 58: "ages[-1].content %}{{ \'a\' * 9000000 }}{% endif %}<assistant>")',
    hint: /another template/,
  },
  {
    name: 'a template that needs a missing variable',
    options: when('{{ documents[0].title }}'),
    fails: now,
    code: 'TEMPLATE_FAILED',
    message:
      'the chat template fails: "documents" is undefined, so it has no "0" (line 2, column 63: "-1].content %}{{ documents[0].title }}{% endif %}<assistant>")',
    hint: /other messages, tools or variables/,
  },
  {
    name: 'a template that needs an unknown function',
    options: when('{{ get_weather(1) }}'),
    fails: now,
    code: 'UNSUPPORTED',
    message:
      'the chat template needs the function "get_weather" (line 2, column 54: "ges[-1].content %}{{ get_weather(1) }}{% endif %}<assistant>")',
    hint: /^supported: .*option template$/,
  },
  {
    name: 'messages in an order that the template refuses',
    options: {
      template:
        "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate!') }}{% endif %}<{{ m.role }}>{{ m.content }}\n{% endfor %}<assistant>",
    },
    fails(chat) {
      chat.addUser('Hm')
      chat.addUser('Hm?')
      chat.respond()
    },
    code: 'TEMPLATE_REFUSED',
    message: 'the chat template refuses the conversation: Conversation roles must alternate!',
    hint: /alternating messages of user and assistant; undo one, or use another template/,
  },
  {
    name: 'arguments of a call that are not JSON',
    fails: (chat) => chat.add(calling('{"city": "Ro')),
    code: 'INVALID_ARGUMENT',
    message: /^the message\.toolCalls\[0\]: the arguments of "weather" are not a JSON object: .*JSON/,
    hint: /use \{\} for no arguments/,
  },
  {
    name: 'no arguments of a call',
    fails: (chat) => chat.add(calling('')),
    code: 'INVALID_ARGUMENT',
    message: /the arguments of "weather" are not a JSON object: /,
    hint: /use \{\} for no arguments/,
  },
  {
    name: 'arguments of a call that are a list, in a history',
    fails(chat) {
      chat.history = [...chat.history, { role: 'user', content: 'Hm' }, calling('["Rome"]')]
    },
    code: 'INVALID_ARGUMENT',
    message: 'history[3].toolCalls[0]: the arguments of "weather" are not a JSON object',
    hint: /^pass an object/,
  },
  {
    name: 'arguments of a call that are a million levels deep',
    fails: (chat) => chat.add(calling(`{"a":${'['.repeat(1e6)}${']'.repeat(1e6)}}`)),
    code: 'INVALID_ARGUMENT',
    message: 'the message.toolCalls[0].arguments: more than 64 levels of objects and arrays',
    hint: undefined,
  },
  {
    name: 'an empty message',
    fails: (chat) => chat.addUser(''),
    code: 'INVALID_ARGUMENT',
    message: 'the message: the content of a user message must not be empty',
    hint: /^add some text/,
  },
  {
    name: 'a message of only white space, in a history',
    fails(chat) {
      chat.history = [{ role: 'user', content: ' \n\t' }]
    },
    code: 'INVALID_ARGUMENT',
    message: 'history[0]: the content of a user message must not be empty',
    hint: /leave the message out/,
  },
  {
    name: 'a conversation without messages',
    fails(chat) {
      const { history } = chat
      chat.reset()
      try {
        chat.respond()
      } finally {
        chat.history = history
      }
    },
    code: 'INVALID_ARGUMENT',
    message: 'there is nothing to answer yet',
    hint: /addUser/,
  },
  ...(['error', 'drop-oldest'] as const).map(
    (overflow): Case => ({
      name: `a conversation longer than the context, with the policy ${overflow}`,
      options: { overflow },
      fails(chat) {
        chat.addUser('The little dog ran. '.repeat(150))
        chat.respond()
      },
      code: 'CONTEXT_FULL',
      message:
        /^the conversation is \d+ tokens too long: its prompt has \d+, and the context of 512 must also hold a reply$/,
      hint:
        overflow === 'error'
          ? /"drop-oldest" or "shift", undo turns, .*contextLength/
          : /^shorten the last message, .*contextLength/,
    }),
  ),
]

describe('a chat can continue after', () => {
  it.each(CASES)('$name', async ({ options, fails, code, message, hint }) => {
    using chat = chatOf(options)
    await say(chat, 'Once upon a time')
    const before = chat.history
    const failure = await failureOf(() => fails(chat))
    expect(failure.code).toBe(code)
    expect(failure.message).toEqual(typeof message === 'string' ? message : expect.stringMatching(message))
    expect(failure.hint).toEqual(hint && expect.stringMatching(hint))
    expect(chat.isBusy).toBe(false)
    while (chat.history.length > before.length) chat.undo()
    expect(chat.history).toEqual(before)
    await say(chat, 'And then?')
    expect(chat.history).toHaveLength(before.length + 2)
    expect(chat.history.at(-1)).toMatchObject({ role: 'assistant', cut: 'length' })
    expect(chat.stats().nCached).toBeGreaterThan(0)
  })

  it('a conversation that is too long, and reports by how many tokens', async () => {
    using roomy = chatOf({ session: { contextLength: 4 * CONTEXT } })
    using chat = chatOf()
    for (const each of [roomy, chat]) each.addUser('The little dog ran. '.repeat(150))
    const { length } = roomy.renderPrompt().ids
    // At least one token of the context is for the reply.
    const excess = length - (CONTEXT - 1)
    expect((await failureOf(() => chat.respond())).message).toContain(
      `is ${excess} tokens too long: its prompt has ${length},`,
    )
  })
})

describe('a chat is not created', () => {
  it.each<[string, ChatOptions, ErrorCode, string | RegExp, RegExp | undefined]>([
    [
      'with a truncated template',
      { template: '{% for m in messages %}' },
      'TEMPLATE_FAILED',
      'the chat template is not valid: "for" is not closed: "endfor" or "else" is missing (line 1, column 4: "{% for m in messages %}")',
      /^correct it, or use another template/,
    ],
    [
      'with a template that is too long',
      { template: `{{ ${'x'.repeat(200_000)} }}` },
      'LIMIT',
      'the chat template has 200006 characters; the limit is 131072',
      /another template/,
    ],
    [
      'with a response format of no known type',
      { responseFormat: { type: 'json' } as never },
      'INVALID_ARGUMENT',
      'there is no responseFormat "json"',
      /json_schema/,
    ],
    ['with bad sampling', { topP: -1 }, 'INVALID_ARGUMENT', /^topP must be/, undefined],
    [
      'with variables that are not plain data',
      { templateVariables: { date: () => 'today' } },
      'INVALID_ARGUMENT',
      'templateVariables.date: a function is not a value that JSON can express',
      undefined,
    ],
  ])('%s', async (_, options, code, message, hint) => {
    const before = model.memoryBytes
    const failure = await failureOf(() => chatOf(options))
    expect(failure.code).toBe(code)
    expect(failure.message).toEqual(typeof message === 'string' ? message : expect.stringMatching(message))
    expect(failure.hint).toEqual(hint && expect.stringMatching(hint))
    expect(model.memoryBytes).toBe(before)
  })
})
