import type { Chat } from '../../index.js'
import { columns, counted } from '../output/table.js'

/** Short statistics of the latest reply. */
export function briefStatistics(chat: Chat): string {
  const { nGen, genTps } = chat.stats()
  const rate = genTps > 0 ? `, ${genTps.toFixed(1)} tok/s` : ''
  return `${counted(nGen, 'token')}${rate}`
}

/** Detailed statistics of the latest reply and of the context. */
export function fullStatistics(chat: Chat): string {
  const { nPrompt, nCached, nGen, nShifts, ttftMs, prefillTps, genTps } = chat.stats()
  const { position, contextLength } = chat.session
  const { messages, tokens } = chat.omitted
  const rows = [
    [
      'prompt',
      `${counted(nPrompt + nCached, 'token')}: ${nCached} cached, ${nPrompt} evaluated at ${prefillTps.toFixed(1)} tok/s`,
    ],
    ['reply', `${counted(nGen, 'token')}${genTps > 0 ? ` at ${genTps.toFixed(1)} tok/s` : ''}`],
    ['first token', `after ${ttftMs.toFixed(0)} ms`],
    [
      'context',
      `${position} of ${contextLength} tokens used, ${Math.floor((100 * position) / contextLength)} %`,
    ],
  ]
  if (nShifts > 0) rows.push(['context shifted', `${nShifts}×`])
  if (messages > 0) rows.push(['left out', `the oldest ${counted(messages, 'message')}`])
  if (tokens > 0) rows.push(['left out', `the oldest ${counted(tokens, 'token')}`])
  return columns(rows)
}
