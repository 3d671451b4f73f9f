import type { GeneratedToken, Generation, Logprobs, Model, SessionStats, StopReason } from '../../index.js'
import { columns, counted } from '../output/table.js'

const STOP_REASONS: Record<StopReason, string> = {
  stop: 'the text ended',
  length: '--max-tokens reached',
  context: 'the context is full',
  abort: 'interrupted',
  callback: 'left early',
}

/** Statistics of a text and its stop reason, on one line. */
export function statistics(stats: SessionStats, { stopReason, stoppedBy }: Generation, seed: number): string {
  const { nPrompt, nCached, nGen, nShifts, nDrafted, nAccepted, ttftMs, prefillTps, genTps } = stats
  const parts = [
    `prompt ${counted(nPrompt, 'token')}${nCached > 0 ? ` and ${nCached} cached` : ''}, ${prefillTps.toFixed(1)} tok/s`,
    `generated ${counted(nGen, 'token')}${genTps > 0 ? `, ${genTps.toFixed(1)} tok/s` : ''}`,
    ...(nShifts > 0 ? [`context shifted ${nShifts}×`] : []),
    ...(nDrafted > 0 ? [`${nAccepted} of ${counted(nDrafted, 'guessed token')} right`] : []),
    ...(nGen > 0 ? [`first token after ${ttftMs.toFixed(0)} ms`] : []),
    typeof stoppedBy === 'string' ? `stopped at ${JSON.stringify(stoppedBy)}` : STOP_REASONS[stopReason!],
    `seed ${seed}`,
  ]
  return `${parts.join(' | ')}\n`
}

/** Log-probabilities of each token for --json, with the texts of the tokens. */
export function logprobsObjects(tokens: readonly GeneratedToken[], model: Model) {
  const named = ({ logprob, top }: Logprobs) => ({
    logprob,
    top: top.map(({ id, logprob }) => ({ id, piece: model.piece(id), logprob })),
  })
  return tokens.flatMap(({ id, logprobs }) => {
    if (!logprobs) return []
    const { before, after } = logprobs
    return [{ id, piece: model.piece(id), before: named(before), after: named(after) }]
  })
}

/** The same as a table, one line per token. */
export function logprobsTable(tokens: readonly GeneratedToken[], model: Model): string {
  const rows = logprobsObjects(tokens, model).map(({ piece, before, after }) => [
    JSON.stringify(piece),
    before.logprob.toFixed(3),
    after.logprob.toFixed(3),
    before.top.map(({ piece, logprob }) => `${JSON.stringify(piece)} ${logprob.toFixed(3)}`).join('  '),
  ])
  return columns([['token', 'model', 'sampled', 'most likely by the model'], ...rows])
}
