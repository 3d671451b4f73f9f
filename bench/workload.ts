/**
 * What is timed, as llama-bench defines it: `pp` evaluates a prompt of `tokens` ids, up to the logits of the last one;
 * `tg` evaluates the beginning-of-sequence token and then ids one at a time, `tokens` in total, with logits
 * after each. Both from an empty context, or from one of `depth` ids. Ids are random, the same for every contestant.
 */
export interface Workload {
  readonly kind: 'pp' | 'tg'
  readonly tokens: number
  readonly depth: number
}

/** `pp512`, `tg128`, `tg32@d4096`: the names that llama-bench prints. */
export function workloadName({ kind, tokens, depth }: Workload): string {
  return `${kind}${tokens}${depth > 0 ? `@d${depth}` : ''}`
}

/** Random ids below `vocabSize`, the same in every run. */
export function randomIds(count: number, vocabSize: number): number[] {
  let state = 0x2545f491
  return Array.from({ length: count }, () => {
    // Numerical Recipes' linear congruential generator; its high bits are the better ones.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * vocabSize)
  })
}

/** The ids that are timed, and those that are evaluated before. A smaller depth's are the beginning of a larger one's. */
export function workloadIds(
  { kind, tokens, depth }: Workload,
  vocabSize: number,
  bosId: number,
): { before: number[]; ids: number[] } {
  const random = randomIds(depth + tokens, vocabSize)
  const before = random.slice(0, depth)
  const ids = random.slice(depth)
  return { before, ids: kind === 'tg' ? [bosId, ...ids.slice(1)] : ids }
}

/** A number of positions that fits all of `workloads` plus one more, which node-llama-cpp needs, in steps of 256. */
export function contextFor(workloads: readonly Workload[], trained: number): number {
  const longest = Math.max(...workloads.map(({ tokens, depth }) => depth + tokens))
  return Math.min(trained, Math.ceil((longest + 1) / 256) * 256)
}

export interface Sizes {
  /** Prompt lengths. Default: 512, or 128 for a model with a short context. */
  readonly pp: readonly number[] | undefined
  /** Numbers of generated tokens. Default: 128, or 64. */
  readonly tg: readonly number[] | undefined
  /** Ids in the context before. Default: none. */
  readonly depths?: readonly number[]
}

/** The workloads for a model with `trained` positions, and the requested ones that do not fit. */
export function planWorkloads(sizes: Sizes, trained: number): { fitting: Workload[]; tooLong: Workload[] } {
  const isShort = trained <= 512
  const { depths = [0] } = sizes
  const of = (kind: Workload['kind'], counts: readonly number[]) =>
    depths.flatMap((depth) => counts.map((tokens) => ({ kind, tokens, depth })))
  const all = [...of('pp', sizes.pp ?? [isShort ? 128 : 512]), ...of('tg', sizes.tg ?? [isShort ? 64 : 128])]
  const fits = ({ tokens, depth }: Workload) => depth + tokens < trained
  return { fitting: all.filter(fits), tooLong: all.filter((workload) => !fits(workload)) }
}
