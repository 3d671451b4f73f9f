import type { VectorSlice } from '../../program.js'
import type { Engine } from '../engine.js'
import type { Pointer } from '../kernels.js'
import type { Buffer, Scheduled } from '../schedule.js'
import type { Weights } from '../weights.js'
import { ROUTING_BYTES, writeRouting } from './expert-records.js'

/** Bytes that a router's call needs besides its buffers: its record and the threads' scratch. */
export function routeBytes({ logits }: Scheduled & { kind: 'route' }, { kernels, pool }: Engine): number {
  return ROUTING_BYTES + kernels.route_scratch(pool.size, logits.width)
}

/** A call of `route` for the first `rows` rows, with its record in new memory of `routeBytes`. Throws `OUT_OF_MEMORY`. */
export function routeCall(
  engine: Engine,
  step: Scheduled & { kind: 'route' },
  weights: Weights,
  addressOf: (buffer: Buffer) => Pointer,
): (rows: number) => void {
  const { kernels, arena } = engine
  const { logits, out, routing } = step
  const record = arena.allocate(routeBytes(step, engine), 'a router of experts')
  const bias: VectorSlice | undefined = routing.selectionBias
  writeRouting(engine, record, routing, {
    experts: logits.width,
    selectionBias: bias ? weights.vector(bias) : 0,
    scratch: (record + ROUTING_BYTES) as Pointer,
  })
  const [from, to] = [addressOf(logits), addressOf(out)]
  return (rows) => kernels.route(record, from, to, rows)
}
