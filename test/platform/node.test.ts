import { spawnSync } from 'node:child_process'
import { chmod, mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DasllamaError } from '../../src/errors.js'
import { platform } from '../../src/platform/node/platform.js'

let folder: string
let path: string
const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) & 255)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dasllama-'))
  path = join(folder, 'a model.gguf')
  await writeFile(path, bytes)
})

afterAll(() => rm(folder, { recursive: true }))

async function failure(promise: Promise<unknown>): Promise<DasllamaError> {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  )
  expect(error).toBeInstanceOf(DasllamaError)
  return error
}

describe('openPath', () => {
  it.each([
    ['an absolute path', () => path],
    ['a relative path', () => relative(process.cwd(), path)],
    ['a file: URL as text', () => pathToFileURL(path).href],
    ['a file: URL', () => pathToFileURL(path)],
  ])('opens %s', async (_, name) => {
    const source = await platform.openPath(name())
    expect(source.size).toBe(1000)
    const part = new Uint8Array(10)
    await source.read(990, part)
    expect(part).toEqual(bytes.subarray(990))
    await source.close()
  })

  it('reports a missing file and where it looked', async () => {
    const error = await failure(platform.openPath('no/such.gguf'))
    expect(error.code).toBe('NOT_FOUND')
    expect(error.message).toContain('no/such.gguf')
    expect(error.hint).toContain(process.cwd())
  })

  it('reports a path through a file as a missing file', async () => {
    expect((await failure(platform.openPath(join(path, 'model.gguf')))).code).toBe('NOT_FOUND')
  })

  it('rejects a directory', async () => {
    const error = await failure(platform.openPath(folder))
    expect(error.code).toBe('IO')
    expect(error.message).toContain('is a directory')
  })

  it('rejects a named pipe at once instead of waiting for its writer', async () => {
    const pipe = join(folder, 'pipe')
    expect(spawnSync('mkfifo', [pipe]).status).toBe(0)
    expect((await failure(platform.openPath(pipe))).message).toContain('not a regular file')
  })

  it('reports missing permissions', async () => {
    const locked = join(folder, 'locked.gguf')
    await writeFile(locked, bytes)
    await chmod(locked, 0)
    await chmod(folder, 0o755)
    // Root can read everything.
    const isRoot = process.geteuid?.() === 0
    if (isRoot) process.seteuid!('nobody')
    const error = await failure(platform.openPath(locked)).finally(() => isRoot && process.seteuid!(0))
    expect(error.code).toBe('IO')
    expect(error.message).toContain('permission')
  })

  it('rejects a name with a zero byte and a file: URL of another host', async () => {
    expect((await failure(platform.openPath('a\0b'))).code).toBe('IO')
    expect((await failure(platform.openPath('file://elsewhere/model.gguf'))).code).toBe('INVALID_ARGUMENT')
  })
})

describe('a file as a source', () => {
  it('reads into a view of WebAssembly memory', async () => {
    const memory = new WebAssembly.Memory({ initial: 1 })
    const source = await platform.openPath(path)
    await source.read(3, new Uint8Array(memory.buffer, 4096, 500))
    expect(new Uint8Array(memory.buffer, 4096, 500)).toEqual(bytes.subarray(3, 503))
    expect(new Uint8Array(memory.buffer)[4096 + 500]).toBe(0)
    await source.close()
  })

  it('reads more than one chunk', async () => {
    const long = join(folder, 'long.gguf')
    const size = 64 * 1024 * 1024 + 5
    const file = await open(long, 'w')
    await file.write(Uint8Array.of(1, 2, 3, 4, 5), 0, 5, size - 5)
    await file.close()
    const source = await platform.openPath(long)
    const target = new Uint8Array(size)
    await source.read(0, target)
    expect(target.subarray(size - 6)).toEqual(Uint8Array.of(0, 1, 2, 3, 4, 5))
    await source.close()
  })

  it('reports a file that shrank after it was opened', async () => {
    const shrinking = join(folder, 'shrinking.gguf')
    await writeFile(shrinking, bytes)
    const source = await platform.openPath(shrinking)
    await truncate(shrinking, 600)
    const error = await failure(source.read(500, new Uint8Array(200)))
    expect(error.code).toBe('TRUNCATED')
    expect(error.message).toContain('byte 600')
    await source.close()
  })

  it('rejects with the abort reason', async () => {
    const source = await platform.openPath(path)
    await expect(source.read(0, new Uint8Array(5), AbortSignal.abort('enough'))).rejects.toBe('enough')
    await source.close()
  })

  it('opens its siblings', async () => {
    await writeFile(join(folder, 'second.gguf'), bytes.subarray(0, 9))
    const source = await platform.openPath(path)
    const second = await source.sibling!('second.gguf')
    expect(second.size).toBe(9)
    expect((await failure(source.sibling!('third.gguf'))).code).toBe('NOT_FOUND')
    await Promise.all([source.close(), second.close()])
  })

  it('rejects reads after close, which is idempotent', async () => {
    const source = await platform.openPath(path)
    await source.close()
    await source.close()
    expect((await failure(source.read(0, new Uint8Array(1)))).code).toBe('IO')
  })
})
