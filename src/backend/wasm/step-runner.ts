import { pacer } from '../../platform/pacer.js'
import type { Engine } from './engine.js'
import { Slicer } from './slicer.js'
import type { Pass, Step } from './steps/step.js'

/** Runs steps, yielding to the event loop between them. */
export class StepRunner {
  readonly #engine: Engine
  readonly #assertOpen: () => void
  readonly #slicer = new Slicer()

  /** `assertOpen`: called after each pause; throws once the executable has been disposed. */
  constructor(engine: Engine, assertOpen: () => void) {
    this.#engine = engine
    this.#assertOpen = assertOpen
  }

  /** Resolves with the milliseconds spent computing. Rejects with the signal's reason, `DISPOSED` or `THREAD_LOST`. */
  async run(steps: readonly Step[], pass: Pass, signal?: AbortSignal): Promise<number> {
    const { pool } = this.#engine
    let [step, unit, slice, slices] = [steps[0], 0, 0, 1]
    // One function for all calls of a pass: nothing is allocated per step.
    const call = () => step.run(pass, unit, slice, slices)
    let ms = 0
    let since = pacer.now()
    for (step of steps) {
      const units = step.units(pass)
      for (unit = 0; unit < units; unit++) {
        const kind = step.kind(pass, unit)
        if (kind === undefined) {
          slice = 0
          slices = 1
          pool.run(call)
          continue
        }
        const size = step.size(pass, unit)
        const most = Math.max(1, step.maxSlices(pass, unit))
        slices = Math.min(most, this.#slicer.slices(kind, size))
        for (slice = 0; slice < slices; slice++) {
          pool.run(call)
          const now = pacer.now()
          ms += now - since
          this.#slicer.record(kind, size / slices, now - since)
          since = now
          if (!pacer.isDue(now, size / slices)) continue
          await pacer.pause()
          this.#assertOpen()
          signal?.throwIfAborted()
          since = pacer.now()
        }
      }
    }
    return ms + pacer.now() - since
  }
}
