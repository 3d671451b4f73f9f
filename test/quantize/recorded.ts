import { readFileSync } from 'node:fs'
import type { CompactFormats } from './compact.js'

/** What llama.cpp's quantizer makes of some models, recorded by record.py and write-record.ts (llama.cpp v0.5.0, 2026-11). */
export interface Recorded {
  /** By model and file type. */
  readonly formats: Readonly<Record<string, Readonly<Record<string, CompactFormats>>>>
  /** SHA-256 of whole files, by model and file type. */
  readonly files: Readonly<Record<string, Readonly<Record<string, string>>>>
}

export const RECORDED_PATH = new URL('recorded.json', import.meta.url)

export function recorded(): Recorded {
  return JSON.parse(readFileSync(RECORDED_PATH, 'utf8'))
}
