import type { KnobTable } from './knob.js'

/**
 * The parameters of the chain's steps: every sampling parameter but `samplers`, which selects the steps. The accepted
 * values and defaults in the comments are those of `STEP_KNOBS`; a test checks this.
 */
export interface StepParams {
  /** Temperature: logits are divided by it. 0 or less: greedy. Any number; default 0. */
  temp?: number
  /**
   * Sample from the `topK` most likely tokens only; 0 or less, or at least the vocabulary size: all. Any whole number;
   * default 0.
   */
  topK?: number
  /** Only the most likely tokens that together hold this share of the probability. 1 or more: off. 0 or more; default 1. */
  topP?: number
  /** Only tokens at least this many times as probable as the most likely one. 0 or less: off. 1 or less; default 0. */
  minP?: number
  /**
   * Repetition penalty on each distinct token among the last generated ones: a positive logit is divided by it, a
   * negative one multiplied. 1, or 0 or less: off. Any number; default 1.
   */
  penalty?: number
  /** Subtracted from the logit of each token among the last generated ones. Any number; default 0. */
  presencePenalty?: number
  /** Subtracted once per occurrence of a token among the last generated ones. Any number; default 0. */
  frequencyPenalty?: number
  /**
   * How many of the last generated tokens the three penalties consider (never the prompt's); 0: none. Whole, 0 or
   * more; default 64.
   */
  penaltyLastN?: number
  /**
   * Only the most typical tokens (surprise closest to the expected) that hold this share. 1 or more: off. 0 or more;
   * default 1.
   */
  typicalP?: number
  /** Only logits within this many standard deviations of the largest. 0 or less: off. Any number; default 0. */
  topNSigma?: number
  /** Chance of removing all tokens that reach `xtcThreshold` except the least likely of them. 0: off. 0 to 1; default 0. */
  xtcProbability?: number
  /** Probability from which a token is a "top choice"; above 0.5: off. 0 to 1; default 0.1. */
  xtcThreshold?: number
  /** Strength of the penalty on repeated sequences (DRY). 0 or less: off. Any number; default 0. */
  dryMultiplier?: number
  /** How the penalty grows with each repeated token. 1 or more; default 1.75. */
  dryBase?: number
  /** Repetitions shorter than this are not penalized. Whole, 1 or more; default 2. */
  dryAllowedLength?: number
  /** How many of the last generated tokens DRY considers; 0: none. Whole, 0 or more; default 1024. */
  dryPenaltyLastN?: number
  /** Tokens that end a repeated sequence, such as line breaks. Token ids; default none. */
  dryBreakers?: readonly number[]
  /** Dynamic temperature: it varies within `temp` ± this with the entropy. 0: off. 0 or more; default 0. */
  dynatempRange?: number
  /** Exponent of the normalized entropy. 0 or more; default 1. */
  dynatempExponent?: number
  /**
   * Target surprise of mirostat 2, in bits; it replaces every truncating step. 0: off. 0 or more; default 0.
   */
  mirostatTau?: number
  /** Learning rate of mirostat 2. 0 to 1; default 0.1. */
  mirostatEta?: number
  /** Added to the logits of these ids; −Infinity bans an id. Token ids with a number each; default none. */
  logitBias?: Readonly<Record<number, number>>
  /** Ids that are never sampled. Token ids; default none. */
  bannedIds?: readonly number[]
  /** If given, only these ids are sampled. Token ids; default none. */
  forcedIds?: readonly number[]
  /** No end-of-generation token before this many tokens. Whole, 0 or more; default 0. */
  minTokens?: number
  /** Never sample an end-of-generation token. True or false; default false. */
  ignoreEos?: boolean
}

/** `StepParams` with every default filled in. */
export type ResolvedStepParams = Required<Omit<StepParams, 'forcedIds'>> & Pick<StepParams, 'forcedIds'>

/** The knobs of the steps, each declared once; `KNOBS` adds `samplers`. In the order used by messages and --help. */
export const STEP_KNOBS = {
  temp: {
    default: 0,
    kind: { type: 'number' },
    summary: 'randomness; 0 always takes the most likely token',
    group: 'choosing',
    aliases: ['temperature'],
    file: { key: 'temp', min: 0, max: 10 },
  },
  topK: {
    default: 0,
    kind: { type: 'number', whole: true },
    summary: 'choose among the N most likely tokens only; 0 is off',
    group: 'choosing',
    file: { key: 'top_k', min: 0, max: 2 ** 31 - 1 },
  },
  topP: {
    default: 1,
    kind: { type: 'number', min: 0 },
    summary: 'choose among the most likely tokens that hold this share of the probability; 1 is off',
    group: 'choosing',
    file: { key: 'top_p', max: 1 },
  },
  minP: {
    default: 0,
    kind: { type: 'number', max: 1 },
    summary: 'leave out tokens less than X times as probable as the most likely one; 0 is off',
    group: 'choosing',
    file: { key: 'min_p', min: 0 },
  },
  penalty: {
    default: 1,
    kind: { type: 'number' },
    summary: 'divides the score of recently generated tokens; 1 is off',
    group: 'repetition',
    aliases: ['repeatPenalty', 'repetitionPenalty'],
    file: { key: 'penalty_repeat', min: 0, max: 10 },
  },
  presencePenalty: {
    default: 0,
    kind: { type: 'number' },
    summary: 'subtracted from the score of recently generated tokens',
    group: 'repetition',
  },
  frequencyPenalty: {
    default: 0,
    kind: { type: 'number' },
    summary: 'subtracted once per recent occurrence of the token',
    group: 'repetition',
  },
  penaltyLastN: {
    default: 64,
    kind: { type: 'number', whole: true, min: 0 },
    summary: 'how many generated tokens count as recent',
    group: 'repetition',
    aliases: ['repeatLastN'],
    file: { key: 'penalty_last_n', max: 2 ** 20 },
  },
  typicalP: {
    default: 1,
    kind: { type: 'number', min: 0 },
    summary: 'choose among the most typical tokens that hold this share of the probability; 1 is off',
    group: 'choosing',
    aliases: ['typical'],
  },
  topNSigma: {
    default: 0,
    kind: { type: 'number' },
    summary: 'leave out scores more than X standard deviations below the best; 0 is off',
    group: 'choosing',
    aliases: ['topNsigma'],
  },
  xtcProbability: {
    default: 0,
    kind: { type: 'number', min: 0, max: 1 },
    summary: 'chance of leaving out all of the most likely tokens but the last; 0 is off',
    group: 'choosing',
    file: { key: 'xtc_probability' },
  },
  xtcThreshold: {
    default: 0.1,
    kind: { type: 'number', min: 0, max: 1 },
    summary: 'probability from which `xtcProbability` counts a token as one of the most likely',
    group: 'choosing',
    file: { key: 'xtc_threshold' },
  },
  dryMultiplier: {
    default: 0,
    kind: { type: 'number' },
    summary: 'strength of the penalty on repeated sequences (DRY); 0 is off',
    group: 'repetition',
  },
  dryBase: {
    default: 1.75,
    kind: { type: 'number', min: 1 },
    summary: 'how the DRY penalty grows with each repeated token',
    group: 'repetition',
  },
  dryAllowedLength: {
    default: 2,
    kind: { type: 'number', whole: true, min: 1 },
    summary: 'sequences shorter than N may repeat',
    group: 'repetition',
  },
  dryPenaltyLastN: {
    default: 1024,
    kind: { type: 'number', whole: true, min: 0 },
    summary: 'how many generated tokens DRY considers',
    group: 'repetition',
  },
  dryBreakers: {
    default: [],
    kind: { type: 'ids' },
    summary: 'tokens that end a repeated sequence',
    group: 'repetition',
  },
  dynatempRange: {
    default: 0,
    kind: { type: 'number', min: 0 },
    summary: 'vary the temperature by up to X with the uncertainty; 0 is off',
    group: 'choosing',
  },
  dynatempExponent: {
    default: 1,
    kind: { type: 'number', min: 0 },
    summary: 'how the temperature follows the uncertainty',
    group: 'choosing',
    aliases: ['dynatempExp'],
  },
  mirostatTau: {
    default: 0,
    kind: { type: 'number', min: 0 },
    summary: 'keep the surprise at X bits per token instead of truncating; 0 is off',
    group: 'choosing',
    file: { key: 'mirostat_tau', max: 100 },
  },
  mirostatEta: {
    default: 0.1,
    kind: { type: 'number', min: 0, max: 1 },
    summary: 'how fast `mirostatTau` adapts',
    group: 'choosing',
    aliases: ['mirostatLr'],
    file: { key: 'mirostat_eta' },
  },
  logitBias: {
    default: {},
    kind: { type: 'biases' },
    summary: 'added to the scores of tokens; -inf bans a token',
    group: 'tokens',
    letter: 'l',
  },
  bannedIds: {
    default: [],
    kind: { type: 'ids' },
    summary: 'tokens that are never chosen',
    group: 'tokens',
  },
  forcedIds: {
    default: undefined,
    kind: { type: 'ids' },
    summary: 'the only tokens that may be chosen',
    group: 'tokens',
  },
  minTokens: {
    default: 0,
    kind: { type: 'number', whole: true, min: 0 },
    summary: 'do not let the text end before N tokens',
    group: 'ending',
  },
  ignoreEos: {
    default: false,
    kind: { type: 'boolean' },
    summary: 'never let the model end the text',
    group: 'ending',
  },
} as const satisfies KnobTable<ResolvedStepParams>
