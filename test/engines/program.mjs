/**
 * What every engine does with the built package; the answers must be equal bit for bit.
 *
 * `dasllama` and `sampling` are the package's entries, `internals` is internals.ts, `source` a source that the engine can
 * pass to `loadModel`, `settings` come from settings.ts, `worker` is
 * the option of `loadModel`.
 */
export async function compute({ dasllama, sampling, internals, source, settings, worker }) {
  const onWarning = ({ message }) => {
    throw new Error(message)
  }
  const options = { contextLength: 256, kernels: 'baseline', worker, onWarning }
  const model = await dasllama.loadModel(source, options)
  const ids = {}
  for (const { name, seed, params, maxTokens, prompt } of settings) {
    const session = model.createSession({ seed })
    const generation = session.generate(prompt, { ...params, maxTokens })
    for await (const _ of generation);
    session.dispose()
    ids[name] = generation.ids
  }
  const threaded = await hashThreaded(dasllama, source, options)
  const bits = {
    'model (f16)': await hashModel(model, 'f16'),
    'model (f32)': await hashModel(model, 'f32'),
    'model (q8_0)': await hashModel(model, 'q8_0'),
    'model (3 threads)': threaded.hash,
    embeddings: await hashEmbeddings(dasllama, model),
    'recurrent layers, shared caches': await hashOthers(dasllama, internals.otherModels(), options),
    'chain alone': await hashDraws(sampling, settings),
    math: await new Bits().add(internals.elementaryValues()).hash(),
  }
  const chosen = await kernelsOf(dasllama, source, { ...options, kernels: 'auto' })
  const settled = { kernels: model.kernels, chosen, threads: [model.threads, threaded.threads] }
  model.dispose()
  const golden = internals.GOLDEN.map((golden) => internals.drawGolden(sampling.createSampler, golden))
  return { version: versionOfEngine(), settled, ids, golden, bits }
}

function versionOfEngine() {
  const { Bun, Deno, process, navigator } = globalThis
  return Bun?.version ?? Deno?.version.deno ?? process?.version?.slice(1) ?? navigator?.userAgent
}

async function kernelsOf({ loadModel }, source, options) {
  const model = await loadModel(source, options)
  const { kernels } = model
  model.dispose()
  return kernels
}

/** Hash of the logits after a prompt of several batches and after each of some following tokens, and of the whole cache. */
async function hashModel(model, kvType) {
  const session = model.createSession({ kvType, seed: 1 })
  const bits = new Bits()
  await session.eval(model.encode('Once upon a time there was a little dog named Max. '.repeat(6)))
  bits.add(session.logits())
  for (let i = 0; i < 12; i++) {
    await session.eval([session.sample()])
    bits.add(session.logits())
  }
  bits.add(await session.save())
  session.dispose()
  return bits.hash()
}

/** Like `hashModel` with an f16 cache, on three threads if the engine has threads. */
async function hashThreaded({ loadModel }, source, options) {
  // workerd's global scope is one, too.
  const hasThreads = !('ServiceWorkerGlobalScope' in globalThis)
  const model = await loadModel(source, { ...options, threads: hasThreads ? 3 : 1 })
  const { threads } = model
  const hash = await hashModel(model, 'f16')
  model.dispose()
  return { threads, hash }
}

/** Hash of the logits after a prompt and after each of some following tokens, and of the memory, of each model. */
async function hashOthers({ loadModel }, models, options) {
  const bits = new Bits()
  for (const { file, ids } of models) {
    const model = await loadModel(file, options)
    const session = model.createSession({ seed: 1 })
    await session.eval(ids.slice(0, -4))
    bits.add(session.logits())
    for (const id of ids.slice(-4)) {
      await session.eval([id])
      bits.add(session.logits())
    }
    bits.add(await session.save())
    session.dispose()
    model.dispose()
  }
  return bits.hash()
}

/** Hash of the vectors of texts that need one batch each, and several. */
async function hashEmbeddings({ embed }, model) {
  const texts = ['Max', 'A dog ran.', 'Once upon a time there was a little dog named Max. '.repeat(6)]
  const bits = new Bits()
  for (const vector of await embed(model, texts)) bits.add(vector)
  return bits.hash()
}

/** Hash of what the sampler chain draws from generated logits, and of its log-probabilities. */
async function hashDraws({ createSampler, Rng }, settings) {
  const random = new Rng(1)
  const bits = new Bits()
  for (const { seed, params } of settings) {
    const sampler = createSampler(params, { seed, endOfGeneration: [2] })
    const recent = []
    for (let i = 0; i < 100; i++) {
      const logits = Float32Array.from(
        { length: 500 },
        () => 12 * random.nextUniform() * random.nextUniform(),
      )
      recent.push(sampler.pick(logits, recent))
      const { logprob, top } = sampler.logprobs(3)
      bits.add(Float64Array.of(recent.at(-1), logprob, ...top.flatMap(({ id, logprob }) => [id, logprob])))
    }
  }
  return bits.hash()
}

/** Collects arrays of numbers for one SHA-256 over their bytes. */
class Bits {
  #parts = []

  add(array) {
    this.#parts.push(array)
    return this
  }

  async hash() {
    const bytes = await new Blob(this.#parts).arrayBuffer()
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
  }
}
