import type { Phase } from './batch.js'

/** How each position of a sequence was computed, as stretches of equal phase. */
export class PhaseLog {
  readonly #stretches: { phase: Phase; length: number }[] = []
  #length = 0

  static of(phases: Iterable<Phase>): PhaseLog {
    const log = new PhaseLog()
    for (const phase of phases) log.append(1, phase)
    return log
  }

  get length(): number {
    return this.#length
  }

  append(count: number, phase: Phase): void {
    const last = this.#stretches.at(-1)
    if (last?.phase === phase) last.length += count
    else if (count > 0) this.#stretches.push({ phase, length: count })
    this.#length += count
  }

  at(position: number): Phase {
    let end = 0
    for (const { phase, length } of this.#stretches) {
      end += length
      if (position < end) return phase
    }
    throw new RangeError(`position ${position} of ${this.#length}`)
  }

  /** How many positions, from the first one on, have this phase. */
  leading(phase: Phase): number {
    const first = this.#stretches[0]
    return first?.phase === phase ? first.length : 0
  }

  /** Forgets all positions from `length` on. */
  truncate(length: number): void {
    this.drop(length, this.#length - length)
  }

  /** Forgets `count` positions from `first` on; those behind them move down. */
  drop(first: number, count: number): void {
    const kept = PhaseLog.#joined(this.#slice(0, first), this.#slice(first + count, this.#length))
    this.#stretches.splice(0, this.#stretches.length, ...kept.#stretches)
    this.#length = kept.#length
  }

  clone(): PhaseLog {
    return PhaseLog.#joined(this.#slice(0, this.#length))
  }

  *#slice(from: number, to: number): Generator<{ phase: Phase; length: number }> {
    let start = 0
    for (const { phase, length } of this.#stretches) {
      const count = Math.min(to, start + length) - Math.max(from, start)
      if (count > 0) yield { phase, length: count }
      start += length
    }
  }

  static #joined(...parts: Iterable<{ phase: Phase; length: number }>[]): PhaseLog {
    const log = new PhaseLog()
    for (const part of parts) for (const { phase, length } of part) log.append(length, phase)
    return log
  }
}
