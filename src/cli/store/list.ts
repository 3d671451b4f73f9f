import { byteSize } from '../../describe.js'
import type { StoredModel } from '../../hub/index.js'
import { openTerminalStore } from '../arguments/names.js'
import { flag } from '../arguments/options.js'
import { command } from '../command.js'
import { print } from '../output/printable.js'
import { columns } from '../output/table.js'

export const list = command({
  name: 'list',
  summary: 'List the models of the store',
  operands: [],
  options: { json: flag('print one JSON object: location, used, free, models') },
  notes: `A line per model: its name, its size, when it was last used, and whether it is pinned or incomplete.

  dasllama list
`,
  async run(_, { json }, terminal) {
    const store = await openTerminalStore(terminal)
    const models = await store.list()
    const { used, free } = await store.size()
    if (json) {
      await terminal.stdout.write(`${JSON.stringify({ location: store.location, used, free, models })}\n`)
      return 0
    }
    const left = free === undefined ? '' : `, ${byteSize(free)} free`
    await print(terminal.stdout, columns(models.map(row)))
    await print(terminal.stderr, `${byteSize(used)} in ${store.location}${left}\n`)
    return 0
  },
})

function row({ name, size, loaded, isComplete, isPinned, usedAt }: StoredModel): string[] {
  const state = isComplete ? (isPinned ? 'pinned' : '') : incomplete(loaded, size)
  return [name, byteSize(size ?? loaded), usedAt ? usedAt.toISOString().slice(0, 10) : '-', state]
}

function incomplete(loaded: number, size: number | undefined): string {
  return size ? `incomplete, ${Math.floor((100 * loaded) / size)} %` : 'incomplete'
}
