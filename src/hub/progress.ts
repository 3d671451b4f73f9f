/** How far a model is on its way, or being read. */
export interface HubProgress {
  /** The file, by its name in the store. */
  readonly name: string
  /** Bytes of the model that are there, those of earlier attempts included. */
  readonly loaded: number
  /** Bytes of the model; `undefined` if the server does not state its length. */
  readonly total: number | undefined
  /** Averaged over the last five seconds; 0 where it is not known yet. */
  readonly bytesPerSecond: number
  /** Seconds that remain at this rate; `undefined` where that is not known. */
  readonly secondsLeft: number | undefined
  /** Whether the bytes come from a server, or are stored already. */
  readonly from: 'network' | 'store'
}

/** Seconds that remain at a rate of bytes per second. */
export function secondsLeft(loaded: number, total: number | undefined, rate: number): number | undefined {
  return total !== undefined && rate > 0 ? Math.max(0, total - loaded) / rate : undefined
}
