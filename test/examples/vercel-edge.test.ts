/** The function of examples/vercel-edge in Vercel's edge-runtime, bundled as Vercel's builder does. */
import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { TINY_STORIES } from '../support/model-files.js'
import { project, ROOT } from '../support/packed.js'
import { askStreamed, askWhole, clientOf, type Reply, replyInNode } from './support/chat.js'
import { freePort, start } from './support/program.js'
import { typeErrors } from './support/types.js'

/** The function imports the relaxed kernels, which Node 20 compiles with a flag. */
const RELAXED_SIMD = process.versions.node.startsWith('20.') ? ['--experimental-wasm-relaxed-simd'] : []

let folder: string
let expected: Reply

beforeAll(async () => {
  expected = await replyInNode(TINY_STORIES)
  folder = await project('edge-runtime')
  await cp(join(ROOT, 'examples/vercel-edge/api'), join(folder, 'api'), { recursive: true })
  await mkdir(join(folder, 'public/models'), { recursive: true })
  await cp(TINY_STORIES, join(folder, 'public/models/tiny-stories.Q8_0.gguf'))
}, 600_000)

it('answers like Node, whole and streamed', async ({ task }) => {
  const port = await freePort()
  const command = [process.execPath, ...RELAXED_SIMD, 'serve.mjs', 'api/chat.ts', '--port', String(port)]
  await using server = await start(command, folder, /ready/)
  const url = `http://127.0.0.1:${port}/api/chat`
  // The client adds a path of its own.
  const client = clientOf((request) => fetch(new Request(url, request)))
  expect(await askWhole(client, 'chat')).toEqual(expected)
  const { chunks, ...streamed } = await askStreamed(client, 'chat')
  expect(streamed).toEqual(expected)
  expect(chunks).toBeGreaterThan(10)
  await expect(askWhole(client, 'other')).rejects.toMatchObject({ status: 404 })
  const [, bytes] = /bundle: (\d+) bytes/.exec(server.output) ?? []
  task.meta.row = {
    example: 'Vercel edge function, edge-runtime',
    result: `bundle ${Math.round(Number(bytes) / 1000)} kB`,
  }
})

it('has no type errors', async () => {
  expect(await typeErrors(folder, 'api/chat.ts')).toBe('')
})
