import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { main } from '../../src/cli/main.js'
import { TINY_STORIES, temporaryFolder } from '../support/model-files.js'
import { FakeTerminal } from './fake-terminal.js'

async function quantize(args: readonly string[], terminal = new FakeTerminal()) {
  const code = await main(['quantize', ...args], terminal)
  return { code, out: terminal.out, err: terminal.err }
}

describe('dasllama quantize', () => {
  it('writes a file that runs, and says what is in it', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'out.gguf')
    const { code, out, err } = await quantize([TINY_STORIES, path, 'q4_0', '--allow-requantize'])
    expect([code, err]).toEqual([0, ''])
    expect(out).toBe(`${path}: 2.9 MiB → 1.7 MiB, 4.90 bits per weight\n38 tensors: 28 Q4_0, 9 F32, 1 Q6_K\n`)
    const terminal = new FakeTerminal()
    const run = ['run', path, '--prompt', 'Once upon a time', '--max-tokens', '8', '--temp', '0']
    expect(await main(run, terminal)).toBe(0)
    expect(terminal.out).toContain('there was a little')
  })

  it('prints what it would write, and writes nothing', async () => {
    const args = [TINY_STORIES, 'no/such/out.gguf', 'Q5_K_M', '--allow-requantize', '--dry-run']
    const { code, out } = await quantize(args)
    expect(code).toBe(0)
    expect(out).toMatch(/^blk\.0\.attn_norm\.weight +256 +F32$/m)
    expect(out).toMatch(/^blk\.2\.attn_v\.weight +256 × 128 +Q8_0 → Q6_K$/m)
    expect(out).toMatch(/\n38 tensors: 24 Q5_K, 9 F32, 5 Q6_K\n$/)
  })

  it('prints JSON', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'out.gguf')
    const { code, out } = await quantize([
      TINY_STORIES,
      path,
      'F16',
      '--allow-requantize',
      '--json',
      '-t',
      '1',
    ])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ type: 'F16', bytesAfter: 5_776_384 })
    expect(JSON.parse(out).tensors[1]).toEqual({ name: 'token_embd.weight', from: 'Q8_0', to: 'F16' })
  })

  it('fails with what is wrong', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'out.gguf')
    const plain = await quantize([TINY_STORIES, path, 'Q4_0'])
    expect(plain).toMatchObject({ code: 1, out: '' })
    expect(plain.err).toMatch(/is quantized already: .*\n.*--allow-requantize/)
    expect(await quantize(['no.gguf', path, 'Q4_0'])).toMatchObject({ code: 1, out: '' })
    expect(await readdir(folder.path)).toEqual([])
  })

  it('replaces a file only if told to', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'out.gguf')
    const args = [TINY_STORIES, path, 'Q8_0']
    expect((await quantize(args)).code).toBe(0)
    const again = await quantize(args)
    expect(again).toMatchObject({ code: 1, out: '' })
    expect(again.err).toMatch(/exists already\n.*--force/)
    expect((await quantize([...args, '--force'])).code).toBe(0)
    expect((await readFile(path)).subarray(0, 4).toString()).toBe('GGUF')
  })

  it('rejects wrong usage', async () => {
    for (const args of [[], ['a.gguf'], ['a.gguf', 'b.gguf'], ['a.gguf', 'b.gguf', 'Q4_0', 'more']]) {
      expect((await quantize(args)).code).toBe(2)
    }
    const { code, err } = await quantize(['a.gguf', 'b.gguf', 'Q9_0'])
    expect(code).toBe(2)
    expect(err).toMatch(/there is no file type "Q9_0".*\ndid you mean Q4_0\? Types: IQ4_XS/)
  })

  it('leaves nothing after Ctrl-C', async () => {
    await using folder = await temporaryFolder()
    const terminal = new FakeTerminal()
    const { createOutput } = terminal.modelTools
    terminal.modelTools = {
      ...terminal.modelTools,
      physicalCores: 1,
      createOutput: async (...args) => {
        const file = await createOutput(...args)
        expect(await readdir(folder.path)).toEqual([expect.stringMatching(/^out\.gguf\..*\.part$/)])
        terminal.interrupt()
        return file
      },
    }
    const args = [TINY_STORIES, join(folder.path, 'out.gguf'), 'Q4_K_M', '--allow-requantize']
    expect(await quantize(args, terminal)).toEqual({ code: 130, out: '', err: '' })
    expect(await readdir(folder.path)).toEqual([])
  })
})
