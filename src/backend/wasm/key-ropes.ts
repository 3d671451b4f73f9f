import { inputsOf, type Op, type Program, type Value } from '../program.js'

/** How cached keys and values may be moved to other positions. */
export interface KeyRopes {
  /** For each memory the rotary embedding that its keys have gone through, if any. */
  readonly ropes: readonly (number | undefined)[]
  /** Whether nothing else in any memory depends on a position: no value, and no key but by its rotation. */
  readonly canShift: boolean
}

/**
 * Finds what rotates a program's keys. A rotation is turned back by the distance, before or after a scale; not behind a
 * norm, another rotation or a linear layer. What attention has brought in counts as content, as in any shifted context.
 */
export function keyRopes({ ops, memories }: Program): KeyRopes {
  const producers = new Map<number, Op>(ops.map((op) => [op.out.id, op]))
  const unscaled = (value: Value): Op => {
    const op = producers.get(value.id)!
    return op.kind === 'scale' ? unscaled(op.x) : op
  }
  // Values that have been looked at: one that is rotated has decided the matter.
  const seen = new Set<number>()
  const isRotated = (value: Value): boolean => {
    if (seen.has(value.id)) return false
    seen.add(value.id)
    const op = producers.get(value.id)!
    if (op.kind === 'attention') return false
    return op.kind === 'rope' || inputsOf(op).some(isRotated)
  }
  const ropes: (number | undefined)[] = memories.map(() => undefined)
  let canShift = true
  for (const op of ops) {
    if (op.kind !== 'attention') continue
    const key = unscaled(op.k)
    if (key.kind === 'rope') ropes[op.memory] = key.rope
    const content = key.kind === 'rope' ? key.x : key.out
    if (isRotated(content) || isRotated(op.v)) canShift = false
  }
  return { ropes, canShift }
}
