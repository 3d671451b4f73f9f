import { DasllamaError } from '../../errors.js'
import { type BlockFormat, blockFormat, bytesFor } from '../../gguf/block-formats.js'
import { type KvType, type MemorySpec, PAGE_POSITIONS } from '../memory.js'
import { NEEDED_STATES, stateLayout } from './state-layout.js'

const FORMATS: Readonly<Record<KvType, BlockFormat>> = {
  f16: /* @__PURE__ */ blockFormat('F16'),
  f32: /* @__PURE__ */ blockFormat('F32'),
  q8_0: /* @__PURE__ */ blockFormat('Q8_0'),
}

/** The block format of a cache type. */
export function kvFormat(type: KvType): BlockFormat {
  return FORMATS[type]
}

/** Throws `UNSUPPORTED` for a type whose blocks do not fit the heads of a model's layers. */
export function checkKvType(type: KvType, memories: readonly MemorySpec[]): void {
  const { blockElements } = kvFormat(type)
  for (const spec of memories) {
    const dims = spec.kind === 'kv' ? [spec.keyDim, spec.valueDim] : []
    const misfit = dims.find((dim) => dim % blockElements !== 0)
    if (misfit === undefined) continue
    throw new DasllamaError(
      'UNSUPPORTED',
      `a cache of ${type} holds blocks of ${blockElements} values, and this model has heads of ${misfit}`,
      { hint: 'use kvType "f16"' },
    )
  }
}

/** Offsets of a layer's keys and values in a page of its group. */
export interface LayerOffsets {
  /** Index into the program's memories. */
  readonly memory: number
  /** Keys and values in bytes from the start of the page: [PAGE_POSITIONS][kvHeads][headDim] each. */
  readonly keys: Plane
  readonly values: Plane
}

/** Where a page has a layer's keys, or its values. */
export interface Plane {
  readonly offset: number
  /** Bytes of one position. */
  readonly rowBytes: number
}

/** Layers that see the same positions and therefore share pages. */
export interface PageGroup {
  /** Positions that a row sees, including its own; `undefined`: all. */
  readonly window: number | undefined
  readonly layers: readonly LayerOffsets[]
  readonly pageBytes: number
}

/** A layer, and the index of its group. */
export interface GroupedLayer {
  readonly group: number
  readonly layer: LayerOffsets
}

/** Layout of the keys and values of a model's layers in pages of `PAGE_POSITIONS` positions. */
export interface KvLayout {
  readonly type: KvType
  readonly groups: readonly PageGroup[]
  /** The layers in order. */
  readonly layers: readonly GroupedLayer[]
  /** The same by the number of the program's memory; `undefined` for one of another kind. */
  readonly byMemory: readonly (GroupedLayer | undefined)[]
  /** Whether a group has a window. */
  readonly hasWindows: boolean
}

/** The layout of those of a program's memories that are of kind `kv`. */
export function kvLayout(memories: readonly MemorySpec[], type: KvType): KvLayout {
  const groups: { window: number | undefined; layers: LayerOffsets[]; pageBytes: number }[] = []
  const byMemory = memories.map((spec, memory): GroupedLayer | undefined => {
    if (spec.kind !== 'kv') return undefined
    let group = groups.findIndex(({ window }) => window === spec.window)
    if (group < 0) group = groups.push({ window: spec.window, layers: [], pageBytes: 0 }) - 1
    const page = groups[group]
    const plane = (dim: number): Plane => {
      const [offset, rowBytes] = [page.pageBytes, bytesFor(kvFormat(type), spec.kvHeads * dim)]
      page.pageBytes += PAGE_POSITIONS * rowBytes
      return { offset, rowBytes }
    }
    const layer = { memory, keys: plane(spec.keyDim), values: plane(spec.valueDim) }
    page.layers.push(layer)
    return { group, layer }
  })
  const layers = byMemory.filter((layer) => layer !== undefined)
  const hasWindows = groups.some(({ window }) => window !== undefined)
  return { type, groups, layers, byMemory, hasWindows }
}

/** Upper bound of the bytes that a sequence of `positions` positions needs. */
export function sequenceBytes(memories: readonly MemorySpec[], positions: number, type: KvType): number {
  let bytes = NEEDED_STATES * stateLayout(memories).bytes
  for (const { window = Number.POSITIVE_INFINITY, pageBytes } of kvLayout(memories, type).groups) {
    // For any alignment of the window, and one page before it.
    const pagesOfWindow = Math.ceil((window - 1) / PAGE_POSITIONS) + 2
    // Windows at the end, at the end of the prompt and at the held length, and what a batch adds.
    const seen = 3 * pagesOfWindow + 1
    bytes += Math.min(Math.ceil(positions / PAGE_POSITIONS), seen) * pageBytes
  }
  return bytes
}
