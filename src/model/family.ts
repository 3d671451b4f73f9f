/** What sets one architecture apart from another, as data: the engine has no branch that names a family. */
export interface Family {
  /** `general.architecture` in the file; metadata keys begin with it. */
  readonly architecture: string
  /** Which two values of a head turn together: neighbours, or the two halves (as in GPT-NeoX). */
  readonly ropePairs: 'interleaved' | 'neox'
  /** The function on the feed-forward gate. */
  readonly gate: 'silu' | 'gelu'
}
