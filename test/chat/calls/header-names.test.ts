/** The name of a tool in the header of a message, in a reply whose model decides whether to call one. */
import { describe, expect, it } from 'vitest'
import { constrainCalls } from '../../../src/chat/calls/constrain-calls.js'
import type { FunctionTool, ReplyFormat } from '../../../src/index.js'
import { randomNumbers } from '../../grammar/random-text.js'
import { formatWith, markerTokenizer } from './random-reply.js'

const tools = ['weather', 'get_x', 'get_xy'].map(
  (name): FunctionTool => ({ type: 'function', function: { name, parameters: { type: 'object' } } }),
)

interface Case {
  readonly names: Pick<ReplyFormat, 'reasoning' | 'tools'>
  /** Up to the name. */
  readonly prefix: string
  /** What follows a name. */
  readonly end: RegExp
  /** The whole of what stands where a name does. */
  readonly allowed: RegExp
  /** Other messages. */
  readonly others: readonly string[]
  /** Calls of tools that are not there. */
  readonly wrong: readonly string[]
}

const CASES: readonly Case[] = [
  {
    names: { reasoning: 'harmony', tools: 'harmony' },
    prefix: '<|channel|>commentary to=',
    end: /[\s<]/,
    allowed: /^((functions\.)?(weather|get_x|get_xy)|assistant)$/,
    others: ['<|channel|>final<|message|>A to=b c', '<|channel|>commentary to=assistant<|message|>Hi'],
    wrong: [
      '<|channel|>commentary to=functions.other <|message|>',
      '<|channel|>commentary to=functions.get_xyz<|message|>',
      '<|channel|>analysis to=python<|message|>',
      '<|channel|>commentary to=functions.get <|message|>',
    ],
  },
  {
    names: { reasoning: 'kimi-k3', tools: 'kimi-k3' },
    prefix: '<|open|>tools<|sep|><|open|>call tool="',
    end: /"/,
    allowed: /^(weather|get_x|get_xy)$/,
    others: ['<|open|>response<|sep|>call tool="other"<|close|>response<|sep|>'],
    wrong: [
      '<|open|>tools<|sep|><|open|>call tool="other"<|sep|>',
      '<|open|>call index="1" tool="get"<|sep|>',
      '<|open|>call tool="}"<|sep|>',
    ],
  },
  {
    names: { reasoning: 'none', tools: 'functionary' },
    prefix: '',
    end: /[^\w.-]/,
    allowed: /^(all|weather|get_x|get_xy|)$/,
    others: ['all\nHello >>> 1\n2', '(Hello)'],
    wrong: ['other\n{}', 'all\nSo >>>get\n{}', 'weathers\n{}'],
  },
]

const FORMATS = CASES.flatMap((each) =>
  (['control', 'text'] as const).map((kind) => [each.names.tools, kind, each] as const),
)

describe.each(FORMATS)('%s, markers as %s', (_, kind, { names, prefix, end, allowed, others, wrong }) => {
  const tokenizer = markerTokenizer(kind)
  const constraintOf = () =>
    constrainCalls(tokenizer, {
      ...{ format: formatWith(tokenizer, names), tools, isForced: false, isSingle: false },
      ...{ responseFormat: undefined, mayThink: true, prefill: '', onUnenforced: () => {} },
    })
  const encode = (text: string) => tokenizer.encode(text, { parseSpecial: true, addSpecial: false })
  const isIn = (mask: Uint32Array | undefined, id: number) =>
    !mask || ((mask[id >>> 5] >>> (id & 31)) & 1) === 1
  /** How much of a text is allowed, token by token. */
  const followed = (text: string): string => {
    const constraint = constraintOf()
    let before = ''
    for (const id of encode(text)) {
      if (!isIn(constraint.mask(), id)) return before
      constraint.accept(id)
      before += tokenizer.piece(id)
    }
    return before
  }

  it('is that of a tool, whatever the model prefers', () => {
    const found = new Set<string>()
    for (let seed = 0; seed < 40; seed++) {
      const random = randomNumbers(seed)
      const constraint = constraintOf()
      for (const id of encode(prefix)) constraint.accept(id)
      let name = ''
      while (!end.test(name)) {
        const mask = constraint.mask()
        const ids = Array.from({ length: tokenizer.vocabSize }, (_, id) => id).filter(
          (id) => isIn(mask, id) && !tokenizer.endOfGeneration.has(id),
        )
        // Mostly what names consist of.
        const plain = ids.filter((id) => /^[\w.]+$/.test(tokenizer.piece(id)))
        const from = plain.length > 0 && random() < 0.95 ? plain : ids
        const id = from[Math.floor(random() * from.length)]
        constraint.accept(id)
        name += tokenizer.piece(id)
      }
      found.add(name.slice(0, name.search(end)))
    }
    for (const name of found) expect(name).toMatch(allowed)
    expect(found.size).toBeGreaterThan(1)
  })

  it('is not that of another', () => {
    for (const text of wrong) {
      const whole = encode(text)
        .map((id) => tokenizer.piece(id))
        .join('')
      expect(followed(text).length, text).toBeLessThan(whole.length)
    }
  })

  it('leaves other messages alone', () => {
    for (const text of others) {
      const whole = encode(text)
        .map((id) => tokenizer.piece(id))
        .join('')
      expect(followed(text)).toBe(whole)
    }
  })
})
