/** llama.cpp as addon.ts drives it, with the instructions of a CPU that has AVX2 and nothing newer. */
import { contestantWith } from './addon.js'
import { withAvx2 } from './installation.js'

export const contestant = contestantWith(withAvx2)
