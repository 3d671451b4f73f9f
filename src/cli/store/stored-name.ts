import type { Operand } from '../command.js'

/** The operand of commands on stored models. */
export const NAME: Operand = {
  name: 'NAME',
  summary: 'hf:OWNER/REPO/FILE.gguf, hf:OWNER/REPO:Q4_K_M or an http(s) URL',
}
