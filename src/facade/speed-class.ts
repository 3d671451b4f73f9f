import type { Op, Program } from '../backend/program.js'
import type { ModelFile } from '../gguf/model-file.js'

/** How fast a text model generates, roughly: a reader waits for a slow one. */
export type SpeedClass = 'fast' | 'moderate' | 'slow'

/** What a generated token costs. */
export interface SpeedSummary {
  /** Bytes of weights that are read for each token: all but embeddings, and of experts those that are used. */
  readonly bytesPerToken: number
  /**
   * An estimate for two cores that read 16 GB of weights per second, as those of current servers do (docs/cli.md): `fast` is
   * 20 tokens per second and more, `slow` less than 5.
   */
  readonly class: SpeedClass
}

const BYTES_PER_SECOND = 16e9
const FAST = 20
const SLOW = 5

/** `undefined` for an encoder, which generates nothing. */
export function speedSummary(file: ModelFile, program: Program): SpeedSummary | undefined {
  if (!program.logits) return undefined
  const bytesOf = (tensor: string) => file.tensors.get(tensor)!.byteLength
  const read = new Map<string, number>([
    [program.logits.matrix.tensor, bytesOf(program.logits.matrix.tensor)],
  ])
  for (const op of program.ops) {
    for (const { tensor, share } of matricesOf(op, program)) read.set(tensor, share * bytesOf(tensor))
  }
  const bytesPerToken = Math.round([...read.values()].reduce((sum, bytes) => sum + bytes, 0))
  const rate = BYTES_PER_SECOND / bytesPerToken
  return { bytesPerToken, class: rate >= FAST ? 'fast' : rate < SLOW ? 'slow' : 'moderate' }
}

/** The matrices that an operation multiplies with, and the share of each that it reads for a token. */
function matricesOf(op: Op, { ops }: Program): { tensor: string; share: number }[] {
  if (op.kind === 'linear' || op.kind === 'headLinear') return [{ tensor: op.matrix.tensor, share: 1 }]
  if (op.kind !== 'experts') return []
  const route = ops.find((other) => other.out.id === op.routes.id)
  const used = route?.kind === 'route' ? route.routing.used : op.up.experts
  return [op.gate, op.up, op.down]
    .filter((matrix) => matrix !== undefined)
    .map(({ tensor, experts }) => ({ tensor, share: used / experts }))
}
