import { aligned } from '../arena.js'
import type { Engine } from '../engine.js'
import { checkNumbers } from '../finite.js'
import type { Pointer } from '../kernels.js'
import type { Buffer, Scheduled } from '../scheduled.js'
import { type Step, shortStep } from '../steps/step.js'
import type { Weights } from '../weights.js'
import { ROUTING_BYTES, writeRouting } from './expert-records.js'

type ScheduledRoute = Scheduled & { kind: 'route' }

/** Bytes that a router's step allocates: its record and the threads' scratch. */
export function routeBytes({ logits }: ScheduledRoute, { kernels, pool }: Engine): number {
  return aligned(ROUTING_BYTES + kernels.route_scratch(pool.size, logits.width))
}

/** Chooses the experts of all rows. Its record is in memory of its own. Throws `OUT_OF_MEMORY`. */
export function routeStep(
  engine: Engine,
  step: ScheduledRoute,
  weights: Weights,
  addressOf: (buffer: Buffer) => Pointer,
): Step {
  const { kernels, arena } = engine
  const { routing } = step
  const record = arena.allocate(routeBytes(step, engine), 'a router of experts')
  const [logits, out, { width }] = [addressOf(step.logits), addressOf(step.out), step.logits]
  writeRouting(engine, record, routing, {
    experts: width,
    selectionBias: routing.selectionBias ? weights.vector(routing.selectionBias) : 0,
    scratch: (record + ROUTING_BYTES) as Pointer,
  })
  return shortStep(({ rows }) => {
    // The choice would hide a NaN or infinity.
    checkNumbers(engine, logits, rows * width, "routers' scores")
    kernels.route(record, logits, out, rows)
  })
}
