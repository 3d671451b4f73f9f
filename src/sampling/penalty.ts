/**
 * Repetition penalty, in place: each distinct token among the last `lastN` of `recent` is penalised once.
 * Source: Keskar et al. 2019 (CTRL), in the form that does not favour tokens with negative logits.
 */
export function applyPenalty(
  logits: Float32Array,
  recent: ArrayLike<number>,
  penalty: number,
  lastN: number,
): void {
  if (penalty === 1 || penalty <= 0) return
  const seen = new Set<number>()
  for (let i = Math.max(0, recent.length - lastN); i < recent.length; i++) seen.add(recent[i])
  for (const id of seen) logits[id] = logits[id] > 0 ? logits[id] / penalty : logits[id] * penalty
}
