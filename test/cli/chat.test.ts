import { beforeAll, describe, expect, it, vi } from 'vitest'
import { main } from '../../src/cli/main.js'
import { f32, str, u32 } from '../../src/gguf/typed-value.js'
import { CHAT_SAMPLING, Chat, DEFAULT_SAMPLING, loadModel, Session } from '../../src/index.js'
import { TINY_STORIES, temporaryFolder } from '../support/model-files.js'
import { FakeTerminal } from './fake-terminal.js'
import { smallModelFile } from './small-model.js'

const OPTIONS = ['--template', 'chatml', '--max-tokens', '6', '--temp', '0', '--seed', '7']

async function chat(terminal: FakeTerminal, ...args: string[]): Promise<number> {
  return main(['chat', TINY_STORIES, ...OPTIONS, ...args], terminal)
}

/** Types these lines on a terminal. */
async function typed(lines: FakeTerminal['typed'], ...args: string[]) {
  const terminal = new FakeTerminal({ watched: true })
  terminal.typed = [...lines]
  const code = await chat(terminal, ...args)
  return { code, out: terminal.out, err: terminal.err, terminal }
}

let first: string
let second: string
beforeAll(async () => {
  const { out } = await typed(['Once upon a time', 'there was a dog'])
  ;[first, second] = out.split('\n')
})

describe('dasllama chat', () => {
  it('answers line after line, with a prompt on a terminal', async () => {
    const { code, out, err, terminal } = await typed(['Once upon a time', '', 'there was a dog'])
    expect(code).toBe(0)
    expect(out).toBe(`${first}\n${second}\n\n`)
    expect(first.length).toBeGreaterThan(5)
    expect(err).toMatch(/^\(6 tokens(, [\d.]+ tok\/s)?; cut: --max-tokens reached\)$/m)
    expect(new Set(terminal.prompts)).toEqual(new Set(['> ']))
  })

  it('greets with file, template, sampling and context', async () => {
    const { err } = await typed(['Hi'], '--context', '128')
    expect(err).toMatch(
      /^model {5}tiny-stories\.Q8_0\.gguf, llama\ntemplate {2}chatml, from --template\nsampling {2}greedy, minP 0\.05\ncontext {3}128 tokens\n\/\? lists/,
    )
    const terminal = new FakeTerminal({ watched: true })
    await main(
      ['chat', TINY_STORIES, '--template', "{{ '<|im_start|>' }}{{ messages[0].content }}"],
      terminal,
    )
    expect(terminal.err).toContain(
      'template  from --template (chatml)\nsampling  temp 0.7, minP 0.05, the default\n',
    )
  })

  it('uses and shows template and sampling of the file', async () => {
    await using folder = await temporaryFolder()
    const file = await smallModelFile(folder.path, {
      'tokenizer.chat_template': str("{{ '<|start_header_id|>' }}{{ messages[0].content }}"),
      'general.sampling.temp': f32(0.6),
      'general.sampling.top_k': u32(20),
    })
    const generate = vi.spyOn(Session.prototype, 'generate')
    const terminal = new FakeTerminal({ watched: true })
    terminal.typed = ['Hi', '/params', '/params temp=', '/params temp=0.5', '/params temp=']
    try {
      await main(['chat', file, '--max-tokens', '2'], terminal)
      expect(generate.mock.calls.at(-1)?.[1]).toMatchObject({ temp: 0.6, topK: 20, minP: 0 })
    } finally {
      generate.mockRestore()
    }
    expect(terminal.err).toContain(
      'template  from the file (llama-3)\nsampling  temp 0.6, topK 20, recommended by the file\n',
    )
    expect(terminal.err.match(/^[* ] {2}temp .*$/gm)?.map((row) => row.replace(/ +/g, ' '))).toEqual([
      ' temp 0.6',
      ' temp 0.6',
      '* temp 0.5',
      ' temp 0.6',
    ])
  })

  it('samples by default like the library, while run is greedy', async () => {
    const generate = vi.spyOn(Session.prototype, 'generate')
    try {
      const terminal = new FakeTerminal()
      terminal.typed = ['Hi']
      await main(['chat', TINY_STORIES, '--template', 'chatml', '--max-tokens', '1'], terminal)
      expect(generate.mock.calls.at(-1)?.[1]).toMatchObject(CHAT_SAMPLING)
      await main(['run', TINY_STORIES, '--prompt', 'Hi', '--max-tokens', '1'], terminal)
      expect(generate.mock.calls.at(-1)?.[1]).toMatchObject({ temp: 0, minP: 0 })
    } finally {
      generate.mockRestore()
    }
  })

  it('shows statistics of the last reply', async () => {
    const { err } = await typed(['Once upon a time', '/stats', 'there was a dog', '/stats'])
    const [first, second] = Array.from(
      err.matchAll(/^prompt +(\d+) tokens: (\d+) cached, (\d+) eval/gm),
      (found) => found.slice(1).map(Number),
    )
    expect(first).toEqual([first[0], 0, first[0]])
    expect(second[0]).toBe(second[1] + second[2])
    expect(second[1]).toBeGreaterThan(first[0])
    expect(err).toMatch(
      /^reply +6 tokens at [\d.]+ tok\/s\nfirst token +after \d+ ms\ncontext +\d+ of 256 tokens used, \d+ %$/m,
    )
  })

  it('answers again, and restores the old reply if there is no other answer', async () => {
    const { out, err, terminal } = await typed(['/retry', 'Once upon a time', '/retry', '/history'])
    expect(out).toBe(`${first}\n${first}\n\n`)
    expect(err).toContain('(nothing to answer again)')
    expect(err.match(/^user: /gm)).toHaveLength(1)
    const interrupted = new FakeTerminal({ watched: true })
    interrupted.typed = [
      'Once upon a time',
      () => {
        vi.spyOn(Chat.prototype, 'respond').mockImplementationOnce(function (this: Chat, options) {
          interrupted.ctrlC()
          return this.respond(options)
        })
      },
      '/retry',
      '/history',
    ]
    await chat(interrupted)
    vi.restoreAllMocks()
    expect(interrupted.err).toContain('(interrupted before the first word; your message was removed)\n')
    expect(interrupted.err).toContain(`user: Once upon a time\nassistant (cut): ${first.trim()}\n`)
    expect(terminal.typed).toEqual([])
  })

  it('colours everything but the conversation if the terminal has colours', async () => {
    const terminal = new FakeTerminal({ watched: true, hasColors: true })
    terminal.typed = ['Once upon a time', '/nothing']
    await chat(terminal)
    expect(terminal.out).toBe(`${first}\n\n`)
    const shown = terminal.err.replaceAll('\x1b', 'ESC')
    expect(shown).toMatch(/^ESC\[2mmodel .*ESC\[22m\n/)
    expect(shown).toMatch(/^ESC\[2m\(6 tokens.*\)ESC\[22m$/m)
    expect(shown).toMatch(/^ESC\[31mthere is no command \/nothingESC\[39m$/m)
    expect(terminal.prompts[0]).toBe('\x1b[1m> \x1b[22m')
  })

  it('treats each line of a pipe as a message, whatever it is', async () => {
    const terminal = new FakeTerminal()
    terminal.typed = ['Once upon a time', '', 'there was a dog', '/save x']
    expect(await chat(terminal)).toBe(0)
    expect(terminal.out.split('\n').slice(0, 2)).toEqual([first, second])
    expect(terminal.out.split('\n')).toHaveLength(4)
    expect(terminal.files.size).toBe(0)
    expect(terminal.err).not.toContain('/help')
  })

  it('hands on the knobs of run', async () => {
    const generate = vi.spyOn(Session.prototype, 'generate')
    try {
      await typed(['Hi'], '--temp', '0.5', '--top-k', '3', '--stop', 'zzz', '--stop-ids', '9')
      const { forcedIds: _, ...defaults } = DEFAULT_SAMPLING
      expect(generate.mock.calls.at(-1)?.[1]).toMatchObject({
        ...defaults,
        minP: 0.05,
        temp: 0.5,
        topK: 3,
        stop: ['zzz'],
        stopIds: [9],
        maxTokens: 6,
      })
    } finally {
      generate.mockRestore()
    }
  })

  it('continues a line that ends in a backslash, and escapes a slash', async () => {
    const { err, terminal } = await typed(['Once\\', 'upon', '//etc', '/history'])
    expect(terminal.prompts).toHaveLength(4)
    expect(err).toContain('user: Once\nupon\n')
    expect(err).toContain('user: /etc\n')
  })

  it('lists, removes and clears messages', async () => {
    const { out, err } = await typed([
      '/history',
      'Once upon a time',
      'there was a dog',
      '/undo',
      'there was a dog',
      '/history',
      '/undo',
      '/undo',
      '/undo',
      'Once upon a time',
      '/reset',
      'Once upon a time',
    ])
    expect(out).toBe([first, second, second, first, first, '', ''].join('\n'))
    expect(err).toContain('(empty)')
    expect(err).toContain(`user: Once upon a time\nassistant (cut): ${first.trim()}\n`)
    expect(err).toContain('(removed: there was a dog)')
    expect(err).toContain('(nothing to remove)')
    expect(err).toContain('(forgotten)')
  })

  it('reports where a setting that is not a parameter is set', async () => {
    const { err } = await typed(['/params maxTokens=5', '/params seed=1', '/params system=x'])
    expect(err).toContain('there is no parameter maxTokens\nuse --max-tokens when starting the program')
    expect(err).toContain('there is no parameter seed\nuse --seed when starting the program')
    expect(err).toContain('there is no parameter system\n/system sets it')
  })

  it('shows and sets the system message', async () => {
    const { out, err } = await typed(
      ['/system', 'Hi', '/system You are a dog.', '/system', 'Hi', '/system -', '/system'],
      '--system',
      'Be kind.',
    )
    expect(err).toMatch(
      /Be kind\.\n[\s\S]*\(set\)\nYou are a dog\.\n[\s\S]*\(removed\)\n\(no system message\)/,
    )
    expect(out.split('\n')).toHaveLength(4)
  })

  it('shows and sets sampling parameters', async () => {
    const generate = vi.spyOn(Session.prototype, 'generate')
    try {
      const { err } = await typed(
        ['/params', '/params temp=0.7 --top-k=5 ignoreEos', '/params topp=2', '/params tpm=1', 'Hi'],
        '--min-p',
        '0.1',
      )
      expect(err).toMatch(/^\* {2}temp +0$/m)
      expect(err).toMatch(/^\* {2}minP +0\.1$/m)
      expect(err).toMatch(/^ {3}temp +0\.7$/m)
      expect(err).toContain('there is no parameter topp\ndid you mean topP?')
      expect(err).toContain('there is no parameter tpm')
      expect(err).not.toMatch(/no option|mean --/)
      expect(generate.mock.calls.at(-1)?.[1]).toMatchObject({
        temp: 0.7,
        topK: 5,
        minP: 0.1,
        ignoreEos: true,
      })
    } finally {
      generate.mockRestore()
    }
  })

  it('resets sampling parameters', async () => {
    const { err } = await typed(
      [
        '/params temp=0.8 ignoreEos bannedIds=1,2 logit-bias=5=-inf',
        '/params temp= ignore_eos=false bannedIds= logitBias=',
        '/params ignoreEos=maybe',
        '/params ignoreEos',
        '/params ignoreEos=',
      ],
      '--temp',
      '0.3',
    )
    const marked = (name: string) => err.match(new RegExp(`^[* ] {2}${name} .*$|^[* ] {2}${name}$`, 'gm'))
    expect(marked('temp')?.map((row) => row.replace(/ +/g, ' '))).toEqual([
      '* temp 0.8',
      ' temp 0.7',
      ' temp 0.7',
      ' temp 0.7',
    ])
    expect(marked('ignoreEos')?.map((row) => row[0])).toEqual(['*', ' ', '*', ' '])
    expect(marked('bannedIds')?.map((row) => row[0])).toEqual(['*', ' ', ' ', ' '])
    expect(marked('logitBias')?.map((row) => row[0])).toEqual(['*', ' ', ' ', ' '])
    expect(err).toContain('ignoreEos must be true or false, not "maybe"\n')
  })

  it('saves and loads a conversation', async () => {
    const terminal = new FakeTerminal({ watched: true })
    terminal.typed = ['Once upon a time', '/save talk.json']
    await chat(terminal)
    const saved = JSON.parse(terminal.files.get('talk.json')!)
    expect(saved.history).toMatchObject([
      { role: 'user', content: 'Once upon a time' },
      { role: 'assistant', content: first, cut: 'length' },
    ])
    const again = new FakeTerminal({ watched: true })
    again.files.set('talk.json', terminal.files.get('talk.json')!)
    again.files.set('bad.json', '{"history": [{"role": "wizard", "content": ""}]}')
    again.files.set('text', 'x')
    again.typed = [
      '/load talk.json',
      '/load bad.json',
      '/load text',
      '/load none',
      '/load',
      '/save',
      'there was a dog',
    ]
    expect(await chat(again)).toBe(0)
    expect(again.out).toBe(`${second}\n\n`)
    for (const told of [
      '(2 messages read)',
      'role must be one of',
      'text is not a saved conversation',
      'none: there is no such file',
      '/load needs',
      '/save needs',
    ]) {
      expect(again.err).toContain(told)
    }
  })

  it('knows its commands', async () => {
    const { code, err, out, terminal } = await typed(['/help', '/hstory', '/quux', '/exit', 'not said'])
    expect([code, out]).toEqual([0, ''])
    expect(terminal.prompts).toHaveLength(4)
    expect(err).toMatch(/\/system TEXT .*\n[\s\S]*\/params NAME=VALUE/)
    expect(err).toContain('did you mean /history?')
    expect(err).toContain(
      'there is no command /quux\n/help lists the commands; start a message with // to send one that begins with /\n',
    )
  })

  it('reports failures and continues', async () => {
    const long = 'the dog ran '.repeat(200)
    const { code, out, err } = await typed(
      [long, 'Once upon a time'],
      '--context',
      '128',
      '--overflow',
      'error',
    )
    expect(err).toMatch(
      /the conversation is \d+ tokens too long: its prompt has \d+, and the context of 128 must .*\n.*--context.*--overflow/,
    )
    expect(out).toBe(`${first}\n\n`)
    expect(code).toBe(1)
  })

  it('reports what is dropped when the context is full', async () => {
    const line = 'The little dog ran to the big red house. '.repeat(3)
    const lines = [line, line, line, '/reset', line]
    const dropping = await typed(lines, '--context', '160')
    expect(dropping.err).toMatch(/; context full: dropped the oldest 4 messages; cut: --max-tokens/)
    expect(dropping.err.match(/context full: dropped/g)).toHaveLength(1)
    const shifting = await typed(lines, '--context', '160', '--overflow', 'shift')
    expect(shifting.err).toMatch(/; context full: dropped the oldest \d+ tokens; cut: --max-tokens/)
  })

  it('continues after a message on which the template fails', async () => {
    const template =
      "{% for m in messages %}{% if 'x' in m.content %}{{ raise_exception('No x!') }}{% endif %}{{ m.content }}\n{% endfor %}"
    const { code, out, err } = await typed(['x', '/history', 'Once upon a time'], '--template', template)
    expect(err).toMatch(/refuses the conversation: No x!\n.*another template.*\n\(empty\)\n/)
    expect(out).toMatch(/^.+\n\n$/)
    expect(code).toBe(1)
  })

  it('reports an empty reply', async () => {
    const { out, err } = await typed(['Hi', '/history'], '--forced-ids', '0')
    expect(out).toBe('\n\n')
    expect(err).toContain('; the reply is empty)\n')
    expect(err).toContain('user: Hi\nassistant: \n')
  })

  it('reports a failure within a reply on a separate line and continues', async () => {
    const terminal = new FakeTerminal({ watched: true })
    terminal.files.set('g', 'root ::= "x" [0-9] "y"')
    terminal.typed = ['Hi', '/history', '/undo', '/params banned-ids=', 'Hi']
    await using model = await loadModel(TINY_STORIES)
    const digits = [...Array(model.tokenizer.vocabSize).keys()].filter((id) => /^\d/.test(model.piece(id)))
    expect(await chat(terminal, '--grammar', 'g', '--banned-ids', digits.join())).toBe(1)
    expect(terminal.err).toMatch(/\nno token is left to choose from[\s\S]*assistant \(cut\): x\n/)
    expect(terminal.out).toMatch(/^x\nx\dy\n\n$/)
  })

  it.each([
    [['--template', 'nope'], 1, 'unknown name "nope"'],
    [['--template-variables', '[1]'], 2, '--template-variables must be a JSON object'],
    [['--overflow', 'maybe'], 2, '--overflow must be one of'],
    [['--temp', 'hot'], 2, '--temp must be'],
    [['--max-tokens', '0'], 2, '--max-tokens must be'],
  ])('rejects %j', async (args, code, message) => {
    const result = await typed(['Hi'], ...args)
    expect(result.code).toBe(code)
    expect(result.err).toContain(message)
    expect(result.out).toBe('')
  })

  it('reports a file without a template', async () => {
    const terminal = new FakeTerminal()
    expect(await main(['chat', TINY_STORIES], terminal)).toBe(1)
    expect(terminal.err).toContain('has no chat template')
    expect(terminal.err).toContain('use dasllama run; otherwise use --template with chatml')
  })

  it("shows a terminal the model's control characters instead of obeying them", async () => {
    const { err, out } = await typed(['\x1b[2J', '/history'])
    expect(err).toContain('user: ␛[2J')
    expect(out + err).not.toContain('\x1b')
  })

  describe('on Ctrl-C', () => {
    /** Presses it after some pieces of the first reply. */
    function pressing(terminal: FakeTerminal, times: number) {
      let pieces = 0
      terminal.onOutput = () => {
        if (++pieces === 3) for (let i = 0; i < times; i++) terminal.ctrlC()
      }
    }

    it('stops the reply, and the conversation continues', async () => {
      const terminal = new FakeTerminal({ watched: true })
      terminal.typed = ['Once upon a time', '/history']
      pressing(terminal, 1)
      expect(await chat(terminal, '--max-tokens', '200')).toBe(0)
      expect(terminal.err).toContain('; cut: interrupted)')
      expect(terminal.err).toContain('assistant (cut):')
    })

    it('leaves at the second', async () => {
      const terminal = new FakeTerminal({ watched: true })
      terminal.typed = ['Once upon a time', 'not said']
      pressing(terminal, 2)
      expect(await chat(terminal, '--max-tokens', '200')).toBe(130)
      expect(terminal.typed).toEqual(['not said'])
    })

    it('at the prompt asks for another one', async () => {
      const terminal = new FakeTerminal({ watched: true })
      terminal.typed = [terminal.ctrlC, 'Once upon a time', terminal.ctrlC, terminal.ctrlC, 'not said']
      expect(await chat(terminal)).toBe(130)
      expect(terminal.err).toContain('(press Ctrl-C again or Ctrl-D to leave)')
      expect(terminal.out).toBe(`${first}\n\n`)
    })

    it('discards the typed line instead of leaving', async () => {
      const terminal = new FakeTerminal({ watched: true })
      const half = () => {
        terminal.halfTyped = 'and th'
        terminal.ctrlC()
      }
      terminal.typed = [terminal.ctrlC, half, half, 'not said\\', half, 'Once upon a time', '/history']
      expect(await chat(terminal)).toBe(0)
      expect(terminal.err.split('(press Ctrl-C again')).toHaveLength(5)
      expect(terminal.err).toContain(`user: Once upon a time\nassistant (cut): ${first.trim()}\n`)
      expect(terminal.err).not.toContain('not said')
    })

    it('before the first word of a reply removes the message', async () => {
      const terminal = new FakeTerminal({ watched: true })
      terminal.typed = ['Once upon a time', '/history', 'Once upon a time']
      const respond = vi.spyOn(Chat.prototype, 'respond').mockImplementationOnce(function (
        this: Chat,
        options,
      ) {
        terminal.ctrlC()
        return this.respond(options)
      })
      try {
        expect(await chat(terminal)).toBe(0)
      } finally {
        respond.mockRestore()
      }
      expect(terminal.err).toContain(
        '(interrupted before the first word; your message was removed)\n(empty)\n',
      )
      expect(terminal.out).toBe(`${first}\n\n`)
    })

    it('ends a chat that reads from a pipe', async () => {
      const terminal = new FakeTerminal()
      terminal.typed = ['Once upon a time', 'not said']
      pressing(terminal, 1)
      expect(await chat(terminal, '--max-tokens', '200')).toBe(130)
    })
  })
})
