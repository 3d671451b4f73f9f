/** Where the model's file is: in an R2 bucket, or as pieces in KV or in static assets. The first binding that exists counts. */
import { type ByteSource, DasllamaError } from 'dasllama'
import type { Bindings } from './bindings.js'
import { openPieces } from './pieces.js'
import { openObject } from './r2.js'

/** What it needs of the bindings. */
type Places = Pick<Bindings, 'MODEL' | 'MODELS_R2' | 'MODELS_KV' | 'ASSETS'>

export async function openModelFile({ MODEL, MODELS_R2, MODELS_KV, ASSETS }: Places): Promise<ByteSource> {
  if (MODELS_R2) return openObject(MODELS_R2, MODEL)
  if (MODELS_KV) return openPieces(MODEL, (name) => MODELS_KV.get(name, 'arrayBuffer'))
  if (ASSETS) return openPieces(MODEL, (name) => asset(ASSETS, name))
  throw new DasllamaError('INVALID_ARGUMENT', 'the Worker has no binding with a model', {
    hint: 'bind ASSETS, MODELS_KV or MODELS_R2 in wrangler.jsonc',
  })
}

async function asset(assets: NonNullable<Bindings['ASSETS']>, name: string): Promise<ArrayBuffer | null> {
  // Only the path of the address counts.
  const response = await assets.fetch(`https://assets.local/${name}`)
  if (response.status === 404) return null
  if (response.ok) return response.arrayBuffer()
  throw new DasllamaError('IO', `${name}: static assets answered with ${response.status}`)
}
