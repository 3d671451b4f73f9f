import { describe, expect, it } from 'vitest'
import { createTokenizer } from '../../src/tokenizer/create.js'
import { templateEnds } from '../../src/tokenizer/template-ends.js'
import { templateSource } from '../chat/template-files.js'
import { bytePairKeys, CONTROL, type ExtraTokens, tokenizerMetadata } from './small-vocabularies.js'

describe('templates of published models end messages with', () => {
  it.each([
    ['Qwen-Qwen2.5-7B-Instruct', '<|im_end|>'],
    ['HuggingFaceTB-SmolLM3-3B', '<|im_end|>'],
    ['google-gemma-2-2b-it', '<end_of_turn>'],
    ['meta-llama-Llama-3.2-3B-Instruct', '<|eot_id|>'],
    ['microsoft-Phi-3.5-mini-instruct', '<|end|>'],
    ['deepseek-ai-DeepSeek-R1-Distill-Qwen-32B', '<｜end▁of▁sentence｜>'],
  ])('%s: %s', (name, marker) => {
    expect(templateEnds(templateSource({ name }))).toContain(marker)
  })
})

describe('the end of a turn', () => {
  const TEMPLATE = "{{ '<|me|>' + message['content'] | trim + '<|done|>' }}"

  /** Texts of the end-of-generation tokens. EOS is byte 0, which is not an extra token. */
  function endsOf(extra: ExtraTokens, template: string | number | undefined = TEMPLATE): string[] {
    const keys = { ...bytePairKeys([], extra), eos_token_id: 0, 'tokenizer.chat_template': template }
    const tokenizer = createTokenizer(tokenizerMetadata(keys))
    return [...tokenizer.endOfGeneration].filter((id) => id !== 0).map((id) => tokenizer.piece(id))
  }

  it('is derived from the template if nothing else defines it', () => {
    expect(endsOf([['<|done|>', CONTROL]])).toEqual(['<|done|>'])
  })

  it('is not a word that is written like one', () => {
    expect(endsOf([['<|done|>', 1]])).toEqual([])
  })

  it('is left to what is known of a vocabulary, where that is more than EOS', () => {
    expect(
      endsOf([
        ['<|done|>', CONTROL],
        ['<|im_end|>', CONTROL],
      ]),
    ).toEqual(['<|im_end|>'])
  })

  it.each([undefined, '', 7, '{{ content }}', 'content + '.repeat(50_000)])(
    'needs a template that says so',
    (template) => {
      expect(endsOf([['<|done|>', CONTROL]], template ?? '')).toEqual([])
    },
  )
})
