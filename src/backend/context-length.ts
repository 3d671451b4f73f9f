import type { Program } from './program.js'
import type { RopeSpec } from './rope.js'

/**
 * The program for sequences of up to `contextLength` positions. Longrope has other factors of its rotary frequencies for long
 * contexts: those that are not used are removed, and their tensors are not loaded. The choice is made once, before a program
 * is loaded, because all keys of a sequence must be rotated alike.
 */
export function programForContext(program: Program, contextLength: number): Program {
  const ropes = program.ropes.map((spec) => ropeForContext(spec, contextLength))
  const used = new Set(ropes.map(({ factors }) => factors))
  const unused = program.ropes
    .flatMap(({ factors, longFactors }) => [factors, longFactors])
    .filter((name) => !used.has(name))
  const tensors = new Map([...program.tensors].filter(([name]) => !unused.includes(name)))
  const { draftHead } = program
  const head = draftHead && { ...draftHead, ...programForContext(draftHead, contextLength) }
  return { ...program, ropes, tensors, draftHead: head }
}

function ropeForContext(spec: RopeSpec, contextLength: number): RopeSpec {
  const { scaling, factors, longFactors = factors, ...rest } = spec
  const isLong = scaling.type === 'longrope' && contextLength > scaling.originalContext
  return { ...rest, scaling, factors: isLong ? longFactors : factors }
}
