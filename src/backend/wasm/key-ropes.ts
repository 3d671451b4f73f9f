import { inputsOf, type Op, type Program, type Value } from '../program.js'

/** Whether and how cached keys and values can be moved to other positions. */
export interface KeyRopes {
  /** For each memory the rotary embedding of its keys, if any. */
  readonly ropes: readonly (number | undefined)[]
  /** Whether memories depend on positions only by the rotation of their keys. */
  readonly canShift: boolean
}

/**
 * Finds the rotary embeddings of a program's keys. A key can be rotated by a distance if the rotation is its last operation
 * but for scales; not if a norm, another rotation or a linear layer follows. Outputs of attention count as content, as in
 * any context shift.
 */
export function keyRopes({ ops, memories }: Program): KeyRopes {
  const producers = new Map<number, Op>(ops.map((op) => [op.out.id, op]))
  const unscaled = (value: Value): Op => {
    const op = producers.get(value.id)!
    return op.kind === 'scale' ? unscaled(op.x) : op
  }
  // Visited values; a rotated one ends the search.
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
