/**
 * The steps of the sampling chain as in their sources: in f64, with full sorts, `Math.exp` and no optimizations.
 * A step returns for each token whether it is kept. Where rounding may decide, because a sum or a product is within a hair of
 * the limit, it returns "either".
 */
import type { ResolvedSampling, StepName } from '../../src/sampling/index.js'

export interface Token {
  readonly id: number
  readonly logit: number
}

export type Verdict = 'in' | 'out' | 'either'

export interface Judged extends Token {
  readonly verdict: Verdict
}

export interface Scene {
  readonly params: ResolvedSampling
  readonly recent: readonly number[]
  /** The random number that a step may use. */
  readonly uniform: number
  /** Relative nearness at which rounding may decide. */
  readonly hair: number
}

type Reference = (tokens: readonly Token[], scene: Scene) => Judged[]

const LARGEST = 3.4028234663852886e38

/** The tokens with a finite logit; the largest f32 replaces Infinity. */
export function admit(logits: Float32Array): Token[] {
  return Array.from(logits, (logit, id) => ({ id, logit: Math.min(logit, LARGEST) })).filter(
    ({ logit }) => logit > Number.NEGATIVE_INFINITY,
  )
}

function largestOf(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
}

export function softmax(tokens: readonly Token[]): number[] {
  const largest = largestOf(tokens.map(({ logit }) => logit))
  const weights = tokens.map(({ logit }) => Math.exp(logit - largest))
  const sum = weights.reduce((a, b) => a + b, 0)
  return weights.map((weight) => weight / sum)
}

export function entropy(tokens: readonly Token[]): number {
  return softmax(tokens).reduce((sum, p) => (p > 0 ? sum - p * Math.log(p) : sum), 0)
}

const staying = (tokens: readonly Token[]): Judged[] => tokens.map((token) => ({ ...token, verdict: 'in' }))

/** Judges by `value >= limit`. */
function atLeast(value: number, limit: number, hair: number): Verdict {
  if (Math.abs(value - limit) <= hair * Math.max(Math.abs(value), Math.abs(limit))) return 'either'
  return value > limit ? 'in' : 'out'
}

/** CTRL's penalty, then OpenAI's presence and frequency penalties, once for each distinct token in the window. */
const penalties: Reference = (tokens, { params, recent }) => {
  const { penalty, presencePenalty, frequencyPenalty, penaltyLastN } = params
  const window = penaltyLastN === 0 ? [] : recent.slice(-penaltyLastN)
  return staying(tokens).map((token) => {
    const count = window.filter((id) => id === token.id).length
    if (count === 0) return token
    let { logit } = token
    if (penalty > 0) logit = logit > 0 ? logit / penalty : logit * penalty
    return { ...token, logit: logit - presencePenalty - frequencyPenalty * count }
  })
}

/** DRY in O(n²): for each place in the window, how far back it reads like the window's end. */
const dry: Reference = (tokens, { params, recent }) => {
  const { dryMultiplier, dryBase, dryAllowedLength, dryPenaltyLastN, dryBreakers } = params
  if (dryMultiplier <= 0) return staying(tokens)
  const longest = longestRepetitions(dryPenaltyLastN === 0 ? [] : recent.slice(-dryPenaltyLastN), dryBreakers)
  return staying(tokens).map((token) => {
    const length = longest.get(token.id) ?? 0
    if (length < dryAllowedLength || dryBreakers.includes(token.id)) return token
    const penalty = dryMultiplier * dryBase ** (length - dryAllowedLength)
    return { ...token, logit: token.logit - Math.min(penalty, 1e30) }
  })
}

export function longestRepetitions(
  window: readonly number[],
  breakers: readonly number[],
): Map<number, number> {
  const longest = new Map<number, number>()
  for (let place = 0; place < window.length - 1; place++) {
    let length = 0
    while (
      length <= place &&
      window[place - length] === window[window.length - 1 - length] &&
      !breakers.includes(window[place - length])
    ) {
      length++
    }
    const follower = window[place + 1]
    longest.set(follower, Math.max(length, longest.get(follower) ?? 0))
  }
  return longest
}

const topNSigma: Reference = (tokens, { params, hair }) => {
  if (params.topNSigma <= 0) return staying(tokens)
  const mean = tokens.reduce((sum, { logit }) => sum + logit, 0) / tokens.length
  const variance = tokens.reduce((sum, { logit }) => sum + (logit - mean) ** 2, 0) / tokens.length
  const largest = largestOf(tokens.map(({ logit }) => logit))
  const distance = params.topNSigma * Math.sqrt(variance)
  return tokens.map((token) => {
    const below = largest - token.logit
    if (below === 0) return { ...token, verdict: 'in' }
    return { ...token, verdict: atLeast(distance, below, hair) }
  })
}

const temperature: Reference = (tokens, { params }) => {
  const { temp, dynatempRange, dynatempExponent } = params
  let degrees = temp
  if (dynatempRange > 0) {
    if (tokens.length < 2) return staying(tokens)
    const lowest = Math.max(0, temp - dynatempRange)
    const flatness = Math.min(1, entropy(tokens) / Math.log(tokens.length))
    const share = flatness > 0 ? flatness ** dynatempExponent : 0
    degrees = lowest + (temp + dynatempRange - lowest) * share
  }
  if (degrees > 0) return staying(tokens).map((token) => ({ ...token, logit: token.logit / degrees }))
  const [best] = byLogit(tokens)
  return tokens.map((token) => ({ ...token, verdict: token === best ? 'in' : 'out' }))
}

/** The largest first, the lowest id first among equals. */
function byLogit(tokens: readonly Token[]): Token[] {
  return [...tokens].sort((a, b) => b.logit - a.logit || a.id - b.id)
}

const topK: Reference = (tokens, { params, hair }) => {
  if (params.topK <= 0 || params.topK >= tokens.length) return staying(tokens)
  const sorted = byLogit(tokens)
  const best = new Set(sorted.slice(0, params.topK))
  const weakest = sorted[params.topK - 1].logit
  const slack = hair * Math.max(1, Math.abs(weakest))
  const isClose = ({ logit }: Token) => Math.abs(logit - weakest) <= slack
  const close = tokens.some((token) => token.logit !== weakest && isClose(token))
  return tokens.map((token) => {
    if (close && isClose(token)) return { ...token, verdict: 'either' }
    return { ...token, verdict: best.has(token) ? 'in' : 'out' }
  })
}

/**
 * The tokens with the smallest `distances` that together hold `share` of the probability: those before which the share
 * is not reached. Of distances that rounding may swap it is not known which comes first, unless the logits are equal:
 * then the lower id does.
 */
function nearest(
  tokens: readonly Token[],
  distances: readonly number[],
  { hair }: Scene,
  share: number,
): Judged[] {
  const probabilities = softmax(tokens)
  const order = tokens.map((_, i) => i).sort((a, b) => distances[a] - distances[b] || a - b)
  /** Of all before a rank: how probable they are, and how often the logit changes among them. */
  const before = [0]
  const changes = [0]
  for (const [rank, i] of order.entries()) {
    before.push(before[rank] + probabilities[i])
    const changed = rank > 0 && tokens[i].logit !== tokens[order[rank - 1]].logit
    changes.push(changes[rank] + Number(changed))
  }
  const judged: Judged[] = []
  // Ranks from `first` to before `end` are as far away as this one, within rounding errors.
  let first = 0
  let end = 0
  for (const [rank, i] of order.entries()) {
    const slack = hair * Math.max(1, distances[i])
    while (distances[order[first]] < distances[i] - slack) first++
    while (end < order.length && distances[order[end]] <= distances[i] + slack) end++
    const alike = changes[end] === changes[first + 1]
    const fewest = alike ? before[rank] : before[first]
    const most = alike ? before[rank] : before[end] - probabilities[i]
    let verdict: Verdict = 'either'
    if (most < share - hair || (rank === 0 && alike)) verdict = 'in'
    else if (fewest > share + hair) verdict = 'out'
    judged[i] = { ...tokens[i], verdict }
  }
  return judged
}

const typicalP: Reference = (tokens, scene) => {
  if (scene.params.typicalP >= 1) return staying(tokens)
  const expected = entropy(tokens)
  const largest = largestOf(tokens.map(({ logit }) => logit))
  const logSum = Math.log(tokens.reduce((sum, { logit }) => sum + Math.exp(logit - largest), 0))
  const distances = tokens.map(({ logit }) => Math.abs(largest - logit + logSum - expected))
  return nearest(tokens, distances, scene, scene.params.typicalP)
}

const topP: Reference = (tokens, scene) => {
  if (scene.params.topP >= 1) return staying(tokens)
  const largest = largestOf(tokens.map(({ logit }) => logit))
  return nearest(
    tokens,
    tokens.map(({ logit }) => largest - logit),
    scene,
    scene.params.topP,
  )
}

const minP: Reference = (tokens, { params, hair }) => {
  const probabilities = softmax(tokens)
  const largest = largestOf(probabilities)
  const largestLogit = largestOf(tokens.map(({ logit }) => logit))
  return tokens.map((token, i) => {
    if (token.logit === largestLogit || params.minP <= 0) return { ...token, verdict: 'in' }
    return { ...token, verdict: atLeast(probabilities[i], params.minP * largest, hair) }
  })
}

const xtc: Reference = (tokens, { params, uniform, hair }) => {
  const { xtcProbability, xtcThreshold } = params
  if (xtcProbability <= 0 || xtcThreshold > 0.5 || uniform >= xtcProbability) return staying(tokens)
  const probabilities = softmax(tokens)
  const reached = probabilities.map((p) => (xtcThreshold === 0 ? 'in' : atLeast(p, xtcThreshold, hair)))
  if (reached.includes('either')) {
    return tokens.map((token, i) => ({ ...token, verdict: reached[i] === 'out' ? 'in' : 'either' }))
  }
  const stays = byLogit(tokens.filter((_, i) => reached[i] === 'in')).at(-1)
  return tokens.map((token, i) => ({
    ...token,
    verdict: reached[i] === 'out' || token === stays ? 'in' : 'out',
  }))
}

export const REFERENCES: Readonly<Record<StepName, { source: string; judge: Reference }>> = {
  penalties: { source: 'Keskar et al. 2019 (CTRL); OpenAI API reference', judge: penalties },
  dry: { source: 'p-e-w, text-generation-webui #5677, in O(n²)', judge: dry },
  topNSigma: { source: 'Tang et al. 2024 (top-nσ)', judge: topNSigma },
  temperature: { source: 'softmax with temperature; llama.cpp (dynatemp)', judge: temperature },
  topK: { source: 'Fan et al. 2018, full sort', judge: topK },
  typicalP: { source: 'Meister et al. 2022 (locally typical), full sort', judge: typicalP },
  topP: { source: 'Holtzman et al. 2019 (nucleus), full sort', judge: topP },
  minP: { source: 'Nguyen et al. 2024 (min-p)', judge: minP },
  xtc: { source: 'p-e-w, text-generation-webui #6335; llama.cpp', judge: xtc },
}

/** Mirostat 2 (Basu et al. 2020, algorithm 2): tokens that surprise by at most `mu` bits, the likeliest at least. */
export function mirostat(tokens: readonly Token[], mu: number, hair: number): Judged[] {
  const probabilities = softmax(tokens)
  const largest = largestOf(tokens.map(({ logit }) => logit))
  return tokens.map((token, i) => {
    if (token.logit === largest) return { ...token, verdict: 'in' }
    return { ...token, verdict: atLeast(mu, -Math.log2(probabilities[i]), hair) }
  })
}
