import { inputsOf, type Op, type Program, type Value } from '../../program.js'
import { type KeyRopes, keyRopes } from '../key-ropes.js'
import type { Boundary } from '../schedule.js'

/** Consecutive operations of a program, as a program of their own. */
export interface Stage {
  readonly program: Program
  readonly boundary: Boundary
  /** For each of its memories, the index in the whole program. */
  readonly memories: readonly number[]
}

/**
 * Divides a program at `cuts`, indices of operations in ascending order: one stage more than there are cuts. What a stage
 * shares with the next one are all values that are read after the cut.
 */
export function stagesOf(program: Program, cuts: readonly number[]): Stage[] {
  const ropes = keyRopes(program)
  const starts = [0, ...cuts]
  return starts.map((from, index) => stageOf(program, ropes, from, starts[index + 1]))
}

/** The cuts among `program.layerStarts` that no memory crosses. */
export function possibleCuts({ ops, layerStarts = [] }: Program): number[] {
  const spans = new Map<number, { first: number; last: number }>()
  for (const [index, op] of ops.entries()) {
    const memory = memoryOf(op)
    if (memory !== undefined) spans.set(memory, { first: spans.get(memory)?.first ?? index, last: index })
  }
  const cuts = [...new Set(layerStarts)].filter((cut) => cut > 0)
  return cuts.filter((cut) => ![...spans.values()].some(({ first, last }) => first < cut && last >= cut))
}

/** The memories that operations `from` to `to` use, in ascending order. */
export function memoriesOf({ ops }: Program, from: number, to: number | undefined): number[] {
  const used = new Set(ops.slice(from, to).flatMap((op) => memoryOf(op) ?? []))
  return [...used].sort((a, b) => a - b)
}

/** The tensors that operations from `from` to `to` read; without `to`, up to the end of the program with its logits. */
export function tensorsOf(program: Program, from: number, to: number | undefined): Set<string> {
  const { ops, logits, afterPooling, tensors } = program
  const names = new Set<string>()
  note(ops.slice(from, to), tensors, names)
  if (to === undefined) note([logits, ...(afterPooling?.ops ?? [])], tensors, names)
  return names
}

/** The factors of rotary embeddings, which each part has. */
export function ropeTensors({ ropes }: Program): string[] {
  return ropes.flatMap(({ factors }) => factors ?? [])
}

function stageOf(whole: Program, ropes: KeyRopes, from: number, end: number | undefined): Stage {
  const memories = memoriesOf(whole, from, end)
  const ops = whole.ops.slice(from, end).map((op): Op => {
    const memory = memoryOf(op)
    return memory === undefined ? op : ({ ...op, memory: memories.indexOf(memory) } as Op)
  })
  const outputs = end === undefined ? undefined : liveAt(whole, end)
  const names = new Set([...tensorsOf(whole, from, end), ...ropeTensors(whole)])
  const program: Program = {
    ...whole,
    ops,
    layerStarts: undefined,
    tensors: new Map([...whole.tensors].filter(([name]) => names.has(name))),
    memories: memories.map((memory) => whole.memories[memory]),
    ...(outputs && { hidden: outputs[0], logits: undefined, afterPooling: undefined }),
  }
  const ownRopes = { ...ropes, ropes: memories.map((memory) => ropes.ropes[memory]) }
  return { program, memories, boundary: { inputs: liveAt(whole, from), outputs, keyRopes: ownRopes } }
}

/** The values that are computed before operation `cut` and read from there on, in the order in which they are computed. */
function liveAt({ ops, hidden }: Program, cut: number): Value[] {
  const read = new Set([...ops.slice(cut).flatMap(inputsOf), hidden].map(({ id }) => id))
  return ops.slice(0, cut).flatMap(({ out }) => (read.has(out.id) ? [out] : []))
}

function memoryOf(op: Op): number | undefined {
  return 'memory' in op ? op.memory : undefined
}

/** Adds the names of tensors, which operations have in matrices and vectors at any depth. */
function note(value: unknown, tensors: Program['tensors'], names: Set<string>): void {
  if (typeof value === 'string') {
    if (tensors.has(value)) names.add(value)
  } else if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) note(part, tensors, names)
  }
}
