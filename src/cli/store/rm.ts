import { openTerminalStore } from '../arguments/names.js'
import { command } from '../command.js'
import { interruptible } from '../interrupt.js'
import { NAME } from './stored-name.js'

export const rm = command({
  name: 'rm',
  summary: 'Remove models from the store, or what has arrived of them',
  operands: [{ ...NAME, repeats: true }],
  options: {},
  notes: `  dasllama rm hf:bartowski/SmolLM2-135M-Instruct-GGUF:Q4_K_M
`,
  async run(names, _, terminal) {
    return interruptible(terminal, async (signal) => {
      const store = await openTerminalStore(terminal)
      for (const name of names) await store.remove(name, { signal })
    })
  },
})
