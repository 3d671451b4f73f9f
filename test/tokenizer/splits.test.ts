import { describe, expect, it } from 'vitest'
import { markedWords } from '../../src/tokenizer/cased-words.js'
import { preTokenizerOf } from '../../src/tokenizer/pretokenizers.js'
import type { Split } from '../../src/tokenizer/splits.js'
import { classify } from '../../src/tokenizer/unicode-classes.js'
import { CATEGORY_RUNS } from '../../src/tokenizer/unicode-table.js'
import { noTail } from '../../src/tokenizer/word-parts.js'
import { exaoneMoeWords, gpt2Words, jais2Words, modernWords } from '../../src/tokenizer/words.js'
import { randomTexts } from './random-text.js'

function cut(split: Split, text: string, classes = classify(text)): string[] {
  const ends: number[] = []
  if (text !== '') split({ text, classes }, 0, text.length, ends)
  return ends.map((end, i) => text.slice(ends[i - 1] ?? 0, end))
}

/** The expressions as their authors publish them. `\s` of JavaScript lacks U+0085 and has U+FEFF. */
const space = '[[\\s\\x85]--\\ufeff]'
const notSpace = '[^\\s\\x85]'
function published(expression: string, flags = 'gv'): RegExp {
  return new RegExp(expression.replaceAll('\\s', space).replaceAll('\\S', `(?:${notSpace}|\\ufeff)`), flags)
}
const GPT2 = published("'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+")
const modern = (digits: string, letters: string) =>
  published(
    `'(?:[sStTmMdD]|[rR][eE]|[vV][eE]|[lL][lL])|[^\\r\\n\\p{L}\\p{N}]?${letters}+|\\p{N}${digits}|` +
      ` ?[^\\s${letters}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`,
  )

const CONTRACTIONS = "'(?:[sStTmMdD]|[rR][eE]|[vV][eE]|[lL][lL])"
const JAIS_2 = published(
  `${CONTRACTIONS}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|` +
    [512, 256, 128, 64, 32, 16, 8, 4].map((length) => `\\s{${length}}(?!\\S)|`).join('') +
    '\\s{1,2}(?!\\S)|\\s',
)
const EXAONE = published(
  `${CONTRACTIONS}|[^\\r\\n\\p{L}\\p{N}]?(?:\\p{L}\\p{M}*(?: \\p{L}\\p{M}*)*)+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n\\/]?|` +
    '\\s*[\\r\\n]|\\s+(?!\\S)|\\s+',
)
const SEED = published(
  `${CONTRACTIONS}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}\\r\\n]+|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`,
)
const TINY_AYA = published(
  `[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+(?:${CONTRACTIONS})?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n\\/]*|` +
    '\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+',
)

/** Characters newer than the table, which the engine may know. */
function isKnown(text: string): boolean {
  const classes = classify(text)
  return Array.from(text).every((c) => /[\p{C}\p{White_Space}]/u.test(c) || classes[text.indexOf(c)] !== 64)
}

describe('words', () => {
  it.each([
    ["GPT-2's", gpt2Words, GPT2],
    ["Llama 3's", modernWords({ digits: 3 }), modern('{1,3}', '\\p{L}')],
    ["Qwen 2's", modernWords({ digits: 1 }), modern('', '\\p{L}')],
    ["Qwen 3.5's", modernWords({ digits: 1, marks: true }), modern('', '[\\p{L}\\p{M}]')],
    ["Jais 2's", jais2Words, JAIS_2],
    ["EXAONE's", exaoneMoeWords, EXAONE],
    ["Seed-Coder's", modernWords({ digits: 1, tail: noTail }), SEED],
    ["Tiny Aya's", markedWords({ digits: 3 }), TINY_AYA],
  ] as const)('%s are those of the published expression', (_, split, expression) => {
    let compared = 0
    for (const text of randomTexts(11, 2000)) {
      const wellFormed = text.replace(/[\ud800-\udfff]/gu, '\ufffd')
      if (!isKnown(wellFormed)) continue
      expect(cut(split, wellFormed)).toEqual(wellFormed.match(expression))
      compared++
    }
    expect(compared).toBeGreaterThan(1000)
  })
})

describe('cuts', () => {
  const NAMES = [
    'llama-bpe',
    'qwen2',
    'gpt-2',
    'starcoder',
    'falcon',
    'deepseek-coder',
    'deepseek-llm',
    'deepseek-v3',
    'gpt-4o',
    'tekken',
    'default',
    ...[
      'seed-coder',
      'laguna',
      'minicpm5',
      'jais-2',
      'exaone-moe',
      'bloom',
      'viking',
      'superbpe',
      'chameleon',
    ],
    ...['spark2_5', 'afmoe', 'granite-embed-multi-97m', 'tiny_aya', 'youtu', 'kimi-k2', 'whitespace'],
  ]

  /** How often all splits of a pre-tokenizer look at the class of a unit. */
  function looks(name: string, text: string): number {
    let count = 0
    const classes = new Proxy(classify(text), {
      get(target, key) {
        count++
        return Reflect.get(target, key)
      },
    })
    for (const split of preTokenizerOf(name).splits) cut(split, text, classes)
    return count
  }

  it.each(NAMES)('%s: every text is read about once per character', (name) => {
    for (const unit of [
      ' ',
      '\n',
      'a',
      'A',
      'éA',
      '7',
      '=',
      '\u3000',
      ' \n',
      "'",
      ' a',
      '. ',
      '\u0301',
      '😀',
    ]) {
      for (const tail of ['', 'x', '\n', ' !']) {
        const text = unit.repeat(2000) + tail
        expect(looks(name, text), JSON.stringify(unit + tail)).toBeLessThan(30 * text.length)
      }
    }
  })
})

describe('pieces', () => {
  /** What all splits of a pre-tokenizer make of a text. */
  function piecesOf(name: string, text: string): string[] {
    return preTokenizerOf(name).splits.reduce<string[]>(
      (pieces, split) => pieces.flatMap((piece) => cut(split, piece)),
      [text],
    )
  }

  it.each([
    ['superbpe', 'a 1234567 b12', ['a ', '1', '234', '567', ' b', '12']],
    ['superbpe', '١234', ['١', '234']],
    ['tiny_aya', 'ab1234567 12', ['ab', '1', '234', '567', ' ', '12']],
    ['afmoe', '漢ひab 1234', ['漢ひ', 'ab', ' ', '1', '234']],
    ['bloom', 'a  b|c, d', ['a', ' ', ' b', '|', 'c', ',', ' d']],
    ['viking', 'a12', ['a', '1', '2']],
    [
      'chameleon',
      'x<sentinel:1>IMGIMGABZ     x',
      ['x', '<', 'sentinel', ':', '1', '>', 'IMGIMGABZ', '    ', ' x'],
    ],
    ['youtu', '가나，、ㄅ漢かa', ['가나', '，、', 'ㄅ', '漢か', 'a']],
    ['kimi-k2', "漢字it's 漢 x", ['漢字', "it's", ' ', '漢', ' x']],
    ['exaone-moe', ' hello world 1//\n\n', [' hello world', ' ', '1', '//\n', '\n']],
    ['spark2_5', '!\n\n  x', ['!', '\n', '\n', ' ', ' x']],
    ['laguna', "I'm\n\n x", ['I', "'m", '\n\n', ' x']],
    ['gemma4', 'a b\n\nc', ['a b', '\n\n', 'c']],
  ])('of %s: %j', (name, text, expected) => {
    expect(piecesOf(name, text)).toEqual(expected)
  })

  it('do not depend on characters outside a piece that an earlier split made', () => {
    expect(piecesOf('tiny_aya', 'a  1234')).toEqual(['a', ' ', ' ', '1', '234'])
  })
})

describe('classes', () => {
  it("agree with the engine's Unicode wherever the table says anything", () => {
    const is: Record<string, RegExp> = {
      L: /\p{L}/u,
      N: /\p{N}/u,
      M: /\p{M}/u,
      P: /\p{P}/u,
      S: /\p{S}/u,
      W: /\p{White_Space}/u,
    }
    let codePoint = 0
    let checked = 0
    for (const [, length, category] of CATEGORY_RUNS.matchAll(/([0-9a-z]+)([A-Z])/g)) {
      const end = codePoint + Number.parseInt(length, 36)
      for (; codePoint < end; codePoint++) {
        if (category === 'O') continue
        if (!is[category].test(String.fromCodePoint(codePoint)))
          expect.fail(`U+${codePoint.toString(16)} is not ${category}`)
        checked++
      }
    }
    expect(checked).toBeGreaterThan(149_000)
  })
})
