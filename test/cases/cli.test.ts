import { describe, expect } from 'vitest'
import { FAMILIES } from '../../src/chat/families.js'
import { parse } from '../../src/cli/arguments/parse.js'
import { samplingOptions } from '../../src/cli/arguments/sampling-options.js'
import { UsageError } from '../../src/cli/arguments/usage-error.js'
import { completions } from '../../src/cli/chat/commands.js'
import { isOpen, messageOf } from '../../src/cli/chat/message-text.js'
import { changedParams } from '../../src/cli/chat/params.js'
import { main } from '../../src/cli/main.js'
import { parsePrompts } from '../../src/cli/run/prompts.js'
import { DEFAULT_SAMPLING, templateFamily } from '../../src/index.js'
import { wantsColors } from '../../src/platform/terminal.js'
import { FakeTerminal } from '../cli/fake-terminal.js'
import { TINY_STORIES } from '../support/model-files.js'
import { testKind } from './kind.js'

/** The message of a command line without a model, which appears only if all its flags are known. */
async function complaint(command: string, args: readonly string[]): Promise<string> {
  const terminal = new FakeTerminal({ inputIsTerminal: true })
  expect(await main([command, ...args], terminal)).toBe(2)
  expect(terminal.err).not.toMatch(/pass it as text|write -- before/)
  return terminal.err
}

async function results(args: readonly string[], terminal = new FakeTerminal({ inputIsTerminal: true })) {
  const code = await main(args, terminal)
  return { code, out: terminal.out, err: terminal.err }
}

describe('flags of other programs', () => {
  testKind(
    'flags with the same meaning as one of ours',
    [
      ...['-p', '--prompt', '-f', '--file', '--prompt-file'].map((flag) => ['run', flag, 'x']),
      ...[
        '-n',
        '--predict',
        '--n-predict',
        '--num-predict',
        '--num_predict',
        '--max-new-tokens',
        '--max_new_tokens',
        '--maxTokens',
      ].map((flag) => ['run', flag, '8']),
      ...['-n', '--n-predict', '-s', '--seed'].flatMap((flag) => [
        ['run', flag, '-1'],
        ['chat', flag, '-1'],
      ]),
      ...['-c', '--ctx-size', '--ctx_size', '--num-ctx', '--num_ctx'].flatMap((flag) => [
        ['run', flag, '64'],
        ['chat', flag, '64'],
        ['embed', flag, '64'],
        ['perplexity', flag, '64'],
      ]),
      ...['-t', '--threads', '--num-thread', '--num_thread'].flatMap((flag) => [
        ['run', flag, '1'],
        ['chat', flag, '1'],
        ['embed', flag, '1'],
        ['perplexity', flag, '1'],
      ]),
      ...[
        '--temp',
        '--temperature',
        '--repeat-penalty',
        '--repeat_penalty',
        '--repetition-penalty',
        '--typical',
        '--typical-p',
        '--top-nsigma',
        '--top-n-sigma',
        '--top_p',
        '--topP',
        '--min-p',
        '--minP',
        '--presence_penalty',
        '--frequency-penalty',
        '--dynatemp-exp',
        '--mirostat-lr',
      ].flatMap((flag) => [
        ['run', flag, '0.5'],
        ['chat', flag, '0.5'],
      ]),
      ...[
        '--top-k',
        '--top_k',
        '--topK',
        '--repeat-last-n',
        '--repeat_last_n',
        '--dry-allowed-length',
        '--min_tokens',
      ].flatMap((flag) => [
        ['run', flag, '5'],
        ['chat', flag, '5'],
      ]),
      ...['-l', '--logit-bias'].map((flag) => ['run', flag, '15043+1']),
      ...['-sys', '--system-prompt', '--chat-template', '--chat-template-kwargs'].flatMap((flag) => [
        ['chat', flag, '{}'],
        ['run', '--chat', flag, '{}'],
      ]),
      ...['--grammar-file', '--json-schema-file', '-jf'].flatMap((flag) => [
        ['run', flag, 'g'],
        ['chat', flag, 'g'],
      ]),
      ['run', '--samplers', 'penalties;dry;top_n_sigma;top_k;top_p;min_p;xtc;temperature'],
      ['run', '--no-display-prompt'],
      ['run', '--display-prompt'],
      ['run', '-no-cnv'],
      ['chat', '-cnv'],
      ['chat', '-i'],
      ['run', '--no-mmap', '--no-warmup', '--jinja', '--simple-io', '--log-disable'],
      ['run', '--ignore-eos'],
      ['run', '--ignore_eos'],
      ['perplexity', '-f', 'x', '--chunks', '2'],
    ],
    async ([command, ...args]) => {
      expect(await complaint(command, args)).toContain(`${command} needs MODEL`)
    },
  )

  testKind(
    'a model given by a flag',
    ['-m', '--model', '--model-url', '-mu'].flatMap((flag) => [
      ['inspect', flag, 'none.gguf'],
      ['run', flag, 'none.gguf', '-p', 'x'],
      ['embed', flag, 'none.gguf', 'x'],
      ['tokenize', `${flag}=none.gguf`, 'x'],
    ]),
    async (args) => {
      const { code, err } = await results(args)
      expect(code).toBe(1)
      expect(err).toContain('none.gguf')
    },
  )

  testKind<[string, string[], RegExp]>(
    'the error for flags without a counterpart names what to use instead',
    [
      ['run', ['-cnv'], /dasllama chat is a conversation; run --chat/],
      ['run', ['-i'], /dasllama chat/],
      ['chat', ['-p', 'x'], /run --chat --prompt TEXT/],
      ['chat', ['--prompt', 'x'], /run --chat --prompt TEXT/],
      ['chat', ['-f', 'x'], /standard input/],
      ['embed', ['-p', 'x'], /after MODEL/],
      ['tokenize', ['-p', 'x'], /after MODEL/],
      ['tokenize', ['--stdin'], /standard input/],
      ['perplexity', ['-p', 'x'], /--file FILE/],
      ['run', ['-r', 'x'], /--stop TEXT/],
      ['run', ['--reverse-prompt', 'x'], /--stop TEXT/],
      ['run', ['--mirostat', '2'], /--mirostat-tau/],
      ['run', ['--mirostat-ent', '5'], /--mirostat-tau/],
      ['run', ['--dry-sequence-breaker', 'x'], /--dry-breakers/],
      ['run', ['--sampler-seq', 'kp'], /--samplers/],
      ['run', ['-j', '{}'], /--json-schema takes the name of a file/],
      ['run', ['--format', 'json'], /--json-schema FILE/],
      ['run', ['-ngl', '99'], /runs on the CPU/],
      ['run', ['--draft-max', '16'], /chosen automatically/],
      ['embed', ['-md', 'm.gguf'], /draft models/],
      ['chat', ['--n-gpu-layers', '99'], /runs on the CPU/],
      ['chat', ['--n_gpu_layers', '99'], /runs on the CPU/],
      ['run', ['-b', '512'], /batch sizes/],
      ['run', ['-tb', '4'], /--threads/],
      ['run', ['-ctk', 'q8_0'], /--kv-type/],
      ['run', ['--cache-type-v', 'q8_0'], /--kv-type/],
      ['run', ['--keep', '4'], /--context-shift=N/],
      ['run', ['--mlock'], /no meaning here/],
      ['run', ['-fa'], /no meaning here/],
      ['run', ['-hf', 'a/b'], /https:\/\/huggingface\.co/],
      ['run', ['--lora', 'x'], /not supported here/],
      ['run', ['--rope-freq-base', '1'], /as the model's file specifies/],
      ['run', ['-st'], /run --chat --prompt/],
      ['chat', ['--chat-template-file', 'x'], /--template "\$\(cat FILE\)"/],
      ['chat', ['-sysf', 'x'], /--system "\$\(cat FILE\)"/],
      ['run', ['-e'], /--file/],
      ['chat', ['-mli'], /"""/],
      ['run', ['--verbose-prompt'], /dasllama tokenize/],
      ['chat', ['--verbose'], /statistics are printed anyway/],
      ['chat', ['--color'], /NO_COLOR/],
      ['chat', ['--think'], /--template-variables/],
      ['tokenize', ['--no-bos'], /--no-special/],
      ['embed', ['--embd-normalize', '-1'], /--no-normalize/],
      ['perplexity', ['--ppl-stride', '4'], /perplexity over chunks/],
      ['run', ['-o', 'x'], /> FILE/],
    ],
    async ([command, args, hint]) => {
      const said = await complaint(command, args)
      expect(said).toContain(`there is no option ${args[0]}\n`)
      expect(said).toMatch(hint)
    },
  )

  testKind<[string, string, string | undefined]>(
    'unknown flags get helpful suggestions',
    [
      ['run', '--promt', 'did you mean --prompt?'],
      ['run', '--tempp', 'did you mean --temp?'],
      ['run', '--temparature', 'did you mean --temp?'],
      ['run', '--max_token', 'did you mean --max-tokens?'],
      ['run', '--topKK', 'did you mean --top-k?'],
      ['chat', '--sytem', 'did you mean --system?'],
      ['chat', '--templat', 'did you mean --template?'],
      ['run', '--xyzzy', undefined],
      ['run', '-q', undefined],
      ['run', '-', undefined],
      ['embed', '--temp', undefined],
      ['tokenize', '-what', undefined],
      ['run', `--${'x'.repeat(10_000)}`, undefined],
    ],
    async ([command, flag, hint]) => {
      const said = await complaint(command, [flag])
      expect(said.length).toBeLessThan(1200)
      if (hint !== undefined) expect(said).toContain(hint)
      else expect(said).not.toContain('did you mean')
    },
  )

  testKind<[string[], RegExp]>(
    'command lines of other programs',
    [
      [['-m', 'x.gguf', '-p', 'Hi'], /the command comes first: dasllama run MODEL --prompt TEXT/],
      [['--model', 'x.gguf'], /the command comes first/],
      [['x.gguf'], /dasllama run x\.gguf, or dasllama chat x\.gguf/],
      [['./models/x'], /dasllama run \.\/models\/x/],
      [['https://example.com/x.gguf'], /dasllama run https/],
      [['run', TINY_STORIES, 'Once upon a time'], /--prompt "Once upon a time"/],
      [['generate'], /did you mean run\?/],
      [['ppl'], /did you mean perplexity\?/],
      [['show', 'x'], /did you mean inspect\?/],
      [['constructor'], /dasllama --help lists the commands/],
    ],
    async ([args, hint]) => {
      const { code, err } = await results(args)
      expect(code).toBe(2)
      expect(err).toMatch(hint)
    },
  )
})

describe('in a chat', () => {
  testKind<[string, Partial<typeof DEFAULT_SAMPLING>]>(
    'names that /params accepts',
    [
      ['temp=0.5', { temp: 0.5 }],
      ['temperature=0.5', { temp: 0.5 }],
      ['topK=4', { topK: 4 }],
      ['top_k=4', { topK: 4 }],
      ['top-k=4', { topK: 4 }],
      ['--top-k=4', { topK: 4 }],
      ['minP=0.2', { minP: 0.2 }],
      ['repeat_penalty=1.2', { penalty: 1.2 }],
      ['repeatPenalty=1.2', { penalty: 1.2 }],
      ['repeat_last_n=9', { penaltyLastN: 9 }],
      ['ignoreEos', { ignoreEos: true }],
      ['ignore_eos=false', { ignoreEos: false }],
      ['samplers=topK,temperature', { samplers: ['topK', 'temperature'] }],
      ['samplers=top-k;temperature', { samplers: ['topK', 'temperature'] }],
      ['logitBias=5=-inf', { logitBias: { 5: Number.NEGATIVE_INFINITY } }],
      ['bannedIds=1,2', { bannedIds: [1, 2] }],
      ['minP=', { minP: 0.05 }],
    ],
    ([change, expected]) => {
      const changed = changedParams(DEFAULT_SAMPLING, { ...DEFAULT_SAMPLING, minP: 0.05 }, [change])
      expect(changed).toMatchObject(expected)
    },
  )

  testKind<[string, RegExp]>(
    "what /params rejects, with the library's names",
    [
      ['topp=2', /there is no parameter topp$/],
      ['tmp=1', /there is no parameter tmp$/],
      ['mirostat=2', /there is no parameter mirostat$/],
      ['topK=x', /^topK must be a whole number/],
      ['top_k=1.5', /^topK must be a whole number/],
      ['minP=2', /^minP must be 1 or less/],
      ['ignoreEos=maybe', /^ignoreEos must be true or false/],
      ['temp', /^temp needs a value/],
    ],
    ([change, message]) => {
      const complain = () => changedParams(DEFAULT_SAMPLING, DEFAULT_SAMPLING, [change])
      expect(complain).toThrow(UsageError)
      expect(complain).toThrow(message)
      try {
        complain()
      } catch (error) {
        expect(`${(error as UsageError).message}${(error as UsageError).hint ?? ''}`).not.toContain('--')
      }
    },
  )

  testKind<[string, string[]]>(
    'what Tab completes',
    [
      ['/he', ['/help']],
      ['/s', ['/system ', '/stats', '/save ']],
      ['/re', ['/reset', '/retry', '/regen', '/regenerate']],
      ['/b', ['/bye']],
      ['/params te', ['/params temp=']],
      ['/params temp=1 topN', ['/params temp=1 topNSigma=']],
      ['/params dryB', ['/params dryBase=', '/params dryBreakers=']],
      ['', []],
      ['Hello', []],
      ['/nothing', []],
    ],
    ([text, expected]) => expect(completions(text)).toEqual(expected),
  )

  testKind<[string, boolean, string?]>(
    'messages of several lines',
    [
      ['Hi', false, 'Hi'],
      ['', false, ''],
      ['one\\', true],
      ['one\\\ntwo', false, 'one\ntwo'],
      ['one\\\ntwo\\\nthree', false, 'one\ntwo\nthree'],
      ['C:\\dir', false, 'C:\\dir'],
      ['"""', true],
      ['"""one', true],
      ['"""one\\', true],
      ['"""one"""', false, 'one'],
      ['""""""', false, ''],
      ['"""\none\ntwo\n"""', false, 'one\ntwo'],
      ['"""one\n\n  two\\\n"""', false, 'one\n\n  two\\'],
      ['say """', false, 'say """'],
      ['""" x """ ', false, ' x '],
    ],
    ([typed, open, message]) => {
      expect(isOpen(typed)).toBe(open)
      if (message !== undefined) expect(messageOf(typed)).toBe(message)
    },
  )

  testKind<[string, string]>(
    'commands of other programs',
    [
      ['/bye', ''],
      ['/quit', ''],
      ['/exit', ''],
      ['/?', '/params NAME=VALUE'],
      ['/help', '/retry'],
      ['/clear', '(forgotten)'],
      ['/reset', '(forgotten)'],
      ['/retry', '(nothing to answer again)'],
      ['/regen', '(nothing to answer again)'],
      ['/stats', 'context      0 of'],
      ['/set parameter temperature 1', '/params sets sampling parameters'],
      ['/show info', '/params, /system, /stats and /history'],
      ['/STATS', 'context      0 of'],
      ['/clera', 'did you mean /clear?'],
      ['/xyzzy', '/help lists the commands'],
    ],
    async ([line, said]) => {
      const terminal = new FakeTerminal({ watched: true })
      terminal.typed = [line]
      const code = await main(['chat', TINY_STORIES, '--template', 'chatml'], terminal)
      expect([code, terminal.out]).toEqual([0, said === '' ? '' : '\n'])
      expect(terminal.err).toContain(said)
    },
  )
})

type Env = Record<string, string>

testKind<[boolean, Env, boolean]>(
  'when colours are written',
  [
    [true, {}, true],
    [true, { TERM: 'xterm-256color' }, true],
    [true, { TERM: 'dumb' }, false],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '0' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [false, { FORCE_COLOR: '' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [true, { FORCE_COLOR: 'false' }, false],
    [true, { FORCE_COLOR: '1', TERM: 'dumb' }, true],
  ],
  ([isTerminal, env, expected]) => expect(wantsColors({ isTerminal, env })).toBe(expected),
)

testKind<[string, unknown[] | RegExp]>(
  'files of prompts',
  [
    ['one\ntwo\n', [{ content: 'one' }, { content: 'two' }]],
    ['one\r\n\r\ntwo', [{ content: 'one' }, { content: 'two' }]],
    ['  spaces stay  ', [{ content: '  spaces stay  ' }]],
    ['{"prompt":"a\\nb"}\n', [{ content: 'a\nb' }]],
    ['{"prompt":"a","id":7}\n\n{"prompt":""}', [{ content: 'a', input: { id: 7 } }, { content: '' }]],
    ['{ a story', [{ content: '{ a story' }]],
    ['"quoted"', [{ content: '"quoted"' }]],
    ['', /p has no prompts/],
    ['\n \n', /p has no prompts/],
    ['{"prompt":"a"}\nb', /^p, line 2: /],
    ['{"prompt":"a"}\n\n{"prompt":', /^p, line 3: /],
    ['{"prompt":7}', /^p, line 1: .*"prompt" that is a string/],
    ['{"text":"a"}', /^p, line 1: /],
  ],
  ([content, expected]) => {
    if (expected instanceof RegExp) expect(() => parsePrompts(content, 'p')).toThrow(expected)
    else expect(parsePrompts(content, 'p')).toEqual(expected)
  },
)

testKind<[string, string | undefined]>(
  'families of chat templates',
  [
    ...FAMILIES.map(({ name, template }): [string, string] => [template, name]),
    ["{% for m in messages %}{{ '<|im_start|>' ~ m.role }}{% endfor %}", 'chatml'],
    ["{{ '<|start_header_id|>' }}", 'llama-3'],
    ["{{ '<|start|>assistant<|channel|>final' }}", 'harmony'],
    ["{{ '<|turn>user' }}", 'gemma-4'],
    ["{{ '<|start_of_role|>user<|end_of_role|>' }}", 'granite'],
    ["{{ '<｜User｜>' }}", 'deepseek'],
    ["{{ '[gMASK]<sop>' }}", 'glm'],
    ["{{ '### Instruction:' }}", 'alpaca'],
    ['{{ messages[0].content }}', undefined],
    ['', undefined],
  ],
  ([source, family]) => expect(templateFamily(source)).toBe(family),
)

testKind(
  'every sampling option has the same name in the library, in /params and on the command line',
  Object.keys(DEFAULT_SAMPLING),
  (name) => {
    expect(Object.hasOwn(samplingOptions, name)).toBe(true)
    const written = name === 'ignoreEos' ? [`--${name}`] : [`--${name}`, '1']
    const text =
      name === 'samplers' ? [`--${name}`, 'topK'] : name === 'logitBias' ? [`--${name}`, '1=2'] : written
    expect(parse(text, samplingOptions).given).toEqual([name])
  },
)
