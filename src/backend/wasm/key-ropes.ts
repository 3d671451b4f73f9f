import { inputsOf, type Op, type Program, type Value } from '../program.js'

/** A rotary embedding of keys, from value `first` of each head on. */
export interface KeyRope {
  readonly rope: number
  readonly first: number
}

/** Whether and how cached keys and values can be moved to other positions. */
export interface KeyRopes {
  /** For each memory the rotary embeddings of its keys, of different parts of a head. */
  readonly ropes: readonly (readonly KeyRope[])[]
  /** Whether memories depend on positions only by the rotation of their keys. */
  readonly canShift: boolean
}

/**
 * Finds the rotary embeddings of a program's keys. A key can be rotated by a distance if the rotation is its last operation
 * but for scales and for other parts that it is joined with; not if a norm, another rotation or a linear layer follows.
 * Outputs of attention count as content, as in any context shift.
 */
export function keyRopes({ ops, memories }: Program): KeyRopes {
  const producers = new Map<number, Op>(ops.map((op) => [op.out.id, op]))
  // Visited values; a rotated one ends the search.
  const seen = new Set<number>()
  const dependsOnPosition = (value: Value): boolean => {
    if (seen.has(value.id)) return false
    seen.add(value.id)
    const op = producers.get(value.id)
    // What attention returns, and what a draft head is given, carries no rotation.
    if (!op || op.kind === 'attention') return false
    return POSITIONAL.has(op.kind) || inputsOf(op).some(dependsOnPosition)
  }
  const ropes: KeyRope[][] = memories.map(() => [])
  let canShift = true
  /** Notes the rotations of the part of keys that begins at value `first` of each head. */
  const visit = (value: Value, first: number, found: KeyRope[]): void => {
    const op = producers.get(value.id)!
    if (op.kind === 'scale') visit(op.x, first, found)
    else if (op.kind === 'concat') {
      visit(op.a, first, found)
      visit(op.b, first + op.a.width / op.a.heads, found)
    } else {
      if (op.kind === 'rope') found.push({ rope: op.rope, first: first + op.first })
      if (dependsOnPosition(op.kind === 'rope' ? op.x : value)) canShift = false
    }
  }
  for (const op of ops) {
    if (op.kind !== 'attention' || !op.k || !op.v) continue
    visit(op.k, 0, ropes[op.memory])
    if (dependsOnPosition(op.v)) canShift = false
  }
  return { ropes, canShift }
}

/** Operations whose result differs from position to position. */
const POSITIONAL: ReadonlySet<Op['kind']> = new Set(['rope', 'temperature', 'embedPosition'])
