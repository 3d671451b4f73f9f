/** A node of the trie of keys. */
interface Node {
  readonly children: Map<number, Node>
  value: number | undefined
}

const LEAF = 1 << 8
const VALUE = 0x8000_0000
const BLOCK = 256

/**
 * A precompiled charsmap as SentencePiece writes it: u32 length of the double array, the array, the replacements. The
 * keys must not be empty nor contain zero bytes.
 */
export function charsmapFile(rules: Iterable<readonly [key: string, replacement: string]>): Uint8Array {
  const utf8 = new TextEncoder()
  const root: Node = { children: new Map(), value: undefined }
  const strings: number[] = []
  for (const [key, replacement] of rules) {
    let node = root
    for (const byte of utf8.encode(key)) {
      let child = node.children.get(byte)
      if (!child) {
        child = { children: new Map(), value: undefined }
        node.children.set(byte, child)
      }
      node = child
    }
    node.value = strings.length
    strings.push(...utf8.encode(replacement), 0)
  }
  return joinCharsmap(doubleArray(root), Uint8Array.from(strings))
}

/** A charsmap of any units and replacements, valid or not. */
export function joinCharsmap(units: Uint32Array, replacements: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + units.length * 4 + replacements.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, units.length * 4, true)
  for (let i = 0; i < units.length; i++) view.setUint32(4 + i * 4, units[i], true)
  bytes.set(replacements, 4 + units.length * 4)
  return bytes
}

/** A unit with its label and the distance to its base. */
export function unit(label: number, distance: number, isLeaf = false): number {
  return ((distance << 10) | (isLeaf ? LEAF : 0) | label) >>> 0
}

/** A unit that holds a value. */
export function valueUnit(value: number): number {
  return (VALUE | value) >>> 0
}

/** Places nodes one after another, each at the first base, not yet another's, whose units are free. */
function doubleArray(root: Node): Uint32Array {
  const units: number[] = []
  const taken = new Set([0])
  const bases = new Set<number>()
  const place = (node: Node, index: number, label: number) => {
    const labels = [...node.children.keys(), ...(node.value === undefined ? [] : [0])]
    let base = 1
    while (bases.has(base) || labels.some((byte) => taken.has(base ^ byte))) base++
    bases.add(base)
    for (const byte of labels) taken.add(base ^ byte)
    units[index] = unit(label, index ^ base, node.value !== undefined)
    if (node.value !== undefined) units[base] = valueUnit(node.value)
    for (const [byte, child] of node.children) place(child, base ^ byte, byte)
  }
  place(root, 0, 0)
  const length = Math.ceil(Math.max(units.length, ...[...bases].map((base) => base + 1)) / BLOCK) * BLOCK
  return Uint32Array.from({ length }, (_, index) => units[index] ?? 0)
}
