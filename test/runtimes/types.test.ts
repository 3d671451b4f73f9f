/** TypeScript accepts the package's declarations in a user's project, for several settings. */
import { execFile } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/model-files.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const run = promisify(execFile)

/** A family in parts, a generation and a chat: every part of the interface whose types users name. */
const PROGRAM = `
import {
  type Builder, type Candidates, type ChatResult, type Config, type Family, type GenerationResult, type LayerBuilder,
  type LoadOptions, type Model, type Session, type Value, createChat, embed, loadModel, readConfig, registerFamily,
} from 'dasllama'
import { createDasllama, type DasllamaProvider, languageModel } from 'dasllama/ai-sdk'
import { type ModelStore, openStore, type StoreOptions } from 'dasllama/hub'
import { createLanguageModel, type LanguageModelSession } from 'dasllama/prompt-api'
import { createSampler } from 'dasllama/sampling'
import { createHandler, type Handler, type RequestRecord } from 'dasllama/server'

interface MyConfig extends Config {
  readonly factor: number
}

function feedForward(l: LayerBuilder, x: Value): Value {
  return l.add(x, l.swiglu(l.rmsNorm(x, 'ffn_norm')))
}

const family: Family<MyConfig> = {
  architectures: ['mine'],
  hyperparameters: (reader) => ({ ...readConfig(reader, { ropeType: 'norm' }), factor: reader.real('factor', 1) }),
  build(b: Builder, h) {
    let x = b.scale(b.embed('token_embd'), h.factor)
    for (const l of b.layers()) {
      const { q, k, v } = l.qkv(l.rmsNorm(x, 'attn_norm'))
      const attended = l.attention(l.rope(q), l.rope(k), v, { window: l.layer % 2 === 0 ? 512 : undefined })
      x = feedForward(l, l.add(x, l.linear(attended, 'attn_output', h.embeddingLength)))
    }
    b.logits(b.rmsNorm(x, 'output_norm'), { softcap: 30 })
  },
}
registerFamily(family)

export async function main(options: LoadOptions): Promise<[GenerationResult, ChatResult, Float32Array]> {
  await using model = await loadModel('model.gguf', options)
  await using session: Session = model.createSession({ seed: 7 })
  using fork = await session.fork()
  const odd = (candidates: Candidates) => candidates.filter((id) => id % 2 === 1)
  const result = await fork.generate('Once', { samplers: [odd, 'temperature'] }).result()
  await using chat = createChat(model)
  return [result, await chat.send('Hello', { thinking: 'off' }), await embed(model, 'a text')]
}

export const store = (options: StoreOptions): Promise<ModelStore> => openStore(options)

export const serve = (model: Model, log: (record: RequestRecord) => void): Handler =>
  createHandler({ models: { small: { model: async () => model, template: 'chatml' } }, onRequest: log })

export const provider = (model: Model): DasllamaProvider<'v4'> =>
  createDasllama({ models: { small: { model, template: 'chatml' } }, specification: 'v4' })

export const write = async (model: Model): Promise<number> => {
  const prompt = [{ role: 'user' as const, content: [{ type: 'text', text: 'Hello' }] }]
  return (await languageModel(model).doGenerate({ prompt })).usage.outputTokens.total
}

export const prompted = (model: Model): Promise<LanguageModelSession> =>
  createLanguageModel(() => model).create({ initialPrompts: [{ role: 'system', content: 'Be brief.' }] })

// @ts-expect-error Sessions come from a model.
import('dasllama').then(({ Session }) => new Session())

export const pick: number = createSampler({ temp: 0.8 }).pick(Float32Array.of(1, 2))
`

const STRICTEST = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  noUnusedLocals: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  skipLibCheck: false,
  noEmit: true,
  target: 'es2022',
  types: [],
}

let folder: Awaited<ReturnType<typeof temporaryFolder>>

beforeAll(async () => {
  folder = await temporaryFolder()
  await mkdir(join(folder.path, 'node_modules'))
  await symlink(root, join(folder.path, 'node_modules/dasllama'))
  await writeFile(join(folder.path, 'package.json'), '{ "type": "module" }')
  await writeFile(join(folder.path, 'program.ts'), PROGRAM)
})

afterAll(() => folder[Symbol.asyncDispose]())

describe('the declarations pass the strictest checks', () => {
  it.each([
    ['with the default libraries', { module: 'nodenext' }],
    ['for a bundler', { module: 'esnext', moduleResolution: 'bundler' }],
    ['for a page', { module: 'nodenext', lib: ['es2022', 'dom'] }],
    ['for a worker', { module: 'nodenext', lib: ['es2022', 'webworker'] }],
  ])('%s', { timeout: 60_000 }, async (title, options) => {
    const config = join(folder.path, `${title.replaceAll(' ', '-')}.json`)
    await writeFile(
      config,
      JSON.stringify({ compilerOptions: { ...STRICTEST, ...options }, files: ['program.ts'] }),
    )
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const printed = await run(process.execPath, [tsc, '-p', config]).catch(({ stdout }) => ({ stdout }))
    expect(printed.stdout).toBe('')
  })
})
