import type { SessionStats, StopReason } from '../index.js'

const STOP_REASONS: Record<StopReason, string> = {
  stop: 'the text ended',
  length: '--max-tokens reached',
  context: 'the context is full',
  abort: 'interrupted',
}

/** What a text has cost, in one line. */
export function statistics(stats: SessionStats, stopReason: StopReason, seed: number): string {
  const { nPrompt, nGen, ttftMs, prefillTps, genTps } = stats
  const parts = [
    `prompt ${nPrompt} tokens, ${prefillTps.toFixed(1)} tok/s`,
    `generated ${nGen} tokens, ${genTps.toFixed(1)} tok/s`,
    `first token after ${ttftMs.toFixed(0)} ms`,
    STOP_REASONS[stopReason],
    `seed ${seed}`,
  ]
  return `${parts.join(' | ')}\n`
}
