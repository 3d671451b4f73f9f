import { section } from './dom.js'
import { digits, duration, whole } from './format.js'
import { Rows, TextRow } from './rows.js'
import type { SlotStatus } from './status.js'

const COLUMNS = ['Slot', 'State', 'Model', 'Prompt', 'Cached', 'Generated', 'Tokens/s', 'Time']

/** What runs now: a row per slot. */
export class SlotsView {
  readonly element: HTMLElement
  readonly #rows: Rows<SlotStatus>

  constructor() {
    this.#rows = new Rows(
      'Table of slots',
      COLUMNS,
      'There are no slots.',
      (slot) => new TextRow(slot, cells),
    )
    this.element = section('slots', 'Slots', this.#rows.element)
  }

  show(slots: readonly SlotStatus[]): void {
    this.#rows.show(new Map(slots.map((slot) => [slot.id, slot])))
  }
}

function cells(slot: SlotStatus): readonly string[] {
  if (!slot.isProcessing) return [slot.id, 'idle', '', '', '', '', '', '']
  const { id, state, model, promptTokens, cachedTokens, decoded, tokensPerSecond, milliseconds } = slot
  const time = duration(milliseconds === undefined ? undefined : milliseconds / 1000)
  const counts = [promptTokens, cachedTokens, decoded].map(whole)
  return [id, state, model, ...counts, digits(tokensPerSecond), time]
}
