import type * as dasllama from '../../src/index.js'
import type * as server from '../../src/server/index.js'

export function converse(
  library: typeof dasllama,
  entry: typeof server,
  source: dasllama.ModelSource,
): Promise<{
  readonly text: string
  readonly usage: object
  readonly streamed: string
  readonly last: string
  readonly json: string
  readonly vector: string
  readonly status: number
}>
