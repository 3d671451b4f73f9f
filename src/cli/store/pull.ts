import { byteSize } from '../../describe.js'
import { openTerminalStore, warningPrinter } from '../arguments/names.js'
import { flag } from '../arguments/options.js'
import { command } from '../command.js'
import { interruptible } from '../interrupt.js'
import { print } from '../output/printable.js'
import { ProgressBar } from '../output/progress.js'
import { NAME } from './stored-name.js'

export const pull = command({
  name: 'pull',
  summary: 'Download a model, or continue a download; later commands read it from the store',
  operands: [{ ...NAME, hint: 'for example: dasllama pull hf:bartowski/SmolLM2-135M-Instruct-GGUF:Q4_K_M' }],
  options: {
    pin: flag('protect the model from removal when space is short'),
    verify: flag('read a stored model completely and compare its checksum'),
    json: flag('print one JSON object'),
  },
  notes: `Asks the server for a newer version. Without a file, hf:OWNER/REPO means its Q4_K_M, its Q8_0 or its first model, and hf:OWNER/REPO:Q8_0 a file type; @REVISION at the end is a branch, tag or commit. An interrupted download continues where it stopped.

  dasllama pull hf:bartowski/SmolLM2-135M-Instruct-GGUF:Q4_K_M

The store is a folder, models in DASLLAMA_HOME or dasllama/models in the folder for caches. HF_TOKEN is sent to the hub, for repositories that need it; HF_ENDPOINT is the address of another hub.
`,
  async run([name], { pin, verify, json }, terminal) {
    return interruptible(terminal, async (signal) => {
      const store = await openTerminalStore(terminal)
      const progress = new ProgressBar(terminal, { isQuiet: json, verb: 'checking' })
      const model = await store
        .pull(name, {
          ...{ update: true, verify, signal, onProgress: progress.update },
          onWarning: warningPrinter(terminal),
        })
        .finally(() => progress.erase())
      if (pin) await store.pin(model.name)
      const { size, files, isVerified } = model
      if (json) {
        const sha256 = files.map((file) => file.sha256)
        const shown = { name: model.name, size, sha256, isVerified, isPinned: model.isPinned || pin }
        return terminal.stdout.write(`${JSON.stringify(shown)}\n`)
      }
      const parts = files.length > 1 ? ` in ${files.length} files` : ''
      const checked = isVerified ? 'checksum verified' : 'the server states no checksum'
      await print(terminal.stdout, `${model.name}: ${byteSize(size!)}${parts}, ${checked}\n`)
    })
  },
})
