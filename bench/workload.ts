/**
 * What is timed, as llama-bench defines it: `pp` evaluates a prompt of `tokens` ids from an empty context, up to the
 * logits of the last one; `tg` evaluates the beginning-of-sequence token and then ids one at a time, `tokens` of them
 * altogether, with logits after each. Ids are random, the same for every contestant.
 */
export interface Workload {
  readonly kind: 'pp' | 'tg'
  readonly tokens: number
}

/** `pp512`, `tg128`: the names that llama-bench prints. */
export function workloadName({ kind, tokens }: Workload): string {
  return `${kind}${tokens}`
}

/** Random ids below `vocabSize`, the same in every run. */
export function workloadIds({ kind, tokens }: Workload, vocabSize: number, bosId: number): number[] {
  let state = 0x2545f491
  return Array.from({ length: tokens }, (_, index) => {
    if (kind === 'tg' && index === 0) return bosId
    // Numerical Recipes' linear congruential generator; its high bits are the good ones.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * vocabSize)
  })
}

/** Positions that all of `workloads` fit in, with one to spare (node-llama-cpp wants it), in steps of 256. */
export function contextFor(workloads: readonly Workload[], trained: number): number {
  const longest = Math.max(...workloads.map(({ tokens }) => tokens))
  return Math.min(trained, Math.ceil((longest + 1) / 256) * 256)
}

export interface Sizes {
  /** Prompt lengths. Default: 512, or 128 for a model with a short context. */
  readonly pp: readonly number[] | undefined
  /** Numbers of generated tokens. Default: 128, or 64. */
  readonly tg: readonly number[] | undefined
}

/** The workloads for a model with `trained` positions, and those asked for that do not fit. */
export function planWorkloads(sizes: Sizes, trained: number): { fitting: Workload[]; tooLong: Workload[] } {
  const isShort = trained <= 512
  const of = (kind: Workload['kind'], counts: readonly number[]) => counts.map((tokens) => ({ kind, tokens }))
  const all = [...of('pp', sizes.pp ?? [isShort ? 128 : 512]), ...of('tg', sizes.tg ?? [isShort ? 64 : 128])]
  const fits = ({ tokens }: Workload) => tokens < trained
  return { fitting: all.filter(fits), tooLong: all.filter((workload) => !fits(workload)) }
}
