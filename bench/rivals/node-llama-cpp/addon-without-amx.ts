/** llama.cpp as addon.ts drives it, with the instructions of a CPU that lacks AMX: with AVX-512 VNNI if available. */
import { contestantWith } from './addon.js'
import { withoutAmx } from './installation.js'

export const contestant = contestantWith(withoutAmx)
