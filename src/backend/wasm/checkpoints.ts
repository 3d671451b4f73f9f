/** A prompt has a checkpoint after so many positions: evaluating them again takes about as long as answering. */
export const CHECKPOINT_EVERY = 512

/** Most checkpoints of a sequence, and most bytes of them; two are always allowed. */
const MAX_CHECKPOINTS = 8
const MAX_CHECKPOINT_BYTES = 256 * 2 ** 20

/** Most checkpoints of a sequence whose states take `bytes`. */
export function checkpointsWithin(bytes: number): number {
  return Math.min(MAX_CHECKPOINTS, Math.max(2, Math.floor(MAX_CHECKPOINT_BYTES / bytes)))
}

/**
 * The checkpoint, except those `kept`, without which the others are spread best: the one with the smallest distance between its
 * neighbours, of several the earliest; the last one only if there is no other. `checkpoints` are lengths, ascending.
 */
export function leastNeeded(checkpoints: readonly number[], kept: readonly number[]): number | undefined {
  let found: number | undefined
  let least = Number.POSITIVE_INFINITY
  for (const [index, length] of checkpoints.entries()) {
    if (kept.includes(length)) continue
    const next = checkpoints[index + 1] ?? Number.MAX_VALUE
    const distance = next - (checkpoints[index - 1] ?? 0)
    if (distance >= least) continue
    least = distance
    found = length
  }
  return found
}
