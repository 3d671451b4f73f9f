import { describeValue, displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { nearest } from '../nearest.js'
import { isArray, readList } from '../read-list.js'
import * as families from './families/built-in.js'
import type { Family } from './family.js'

/** Limits on a family's architectures and on the characters of each name. */
const MAX_NAMES = 1000
const MAX_CHARACTERS = 200

/** Architectures that an error lists, and how many of them at most, registered ones included. */
const EXAMPLES = ['llama', 'qwen3', 'gemma3', 'phi3']
const MAX_LISTED = 8

const BUILT_IN: readonly Family[] = /* @__PURE__ */ Object.values(families)

/** Families registered by users, by architecture. */
const registered = /* @__PURE__ */ new Map<string, Family>()

/**
 * Makes models of a family's architectures loadable in this process. Throws `INVALID_ARGUMENT` for an object that is not a
 * family and for an architecture that another family implements. Registering the same family again has no effect.
 *
 * ```js
 * registerFamily({
 *   architectures: ['normed-llama'],
 *   hyperparameters: (reader) => readConfig(reader, { ropeType: 'norm' }),
 *   build(b, h) {
 *     let x = b.rmsNorm(b.embed('token_embd'), 'token_embd_norm')
 *     for (const l of b.layers()) {
 *       const { q, k, v } = l.qkv(l.rmsNorm(x, 'attn_norm'))
 *       x = l.add(x, l.linear(l.attention(l.rope(q), l.rope(k), v), 'attn_output', h.embeddingLength))
 *       x = l.add(x, l.swiglu(l.rmsNorm(x, 'ffn_norm')))
 *     }
 *     b.logits(b.rmsNorm(x, 'output_norm'))
 *   },
 * })
 * ```
 */
// biome-ignore lint/suspicious/noExplicitAny: a family reads the configuration that it makes itself.
export function registerFamily(family: Family<any>): void {
  const architectures = checkFamily(family)
  for (const architecture of architectures) {
    const known = find(architecture)
    if (known === undefined || known === family) continue
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `architecture ${describeValue(architecture)} already has a family`,
      { hint: 'use another architecture name, in the model file and in the family' },
    )
  }
  for (const architecture of architectures) registered.set(architecture, family)
}

/** Throws `UNSUPPORTED` for an architecture that has no family, naming the nearest that has one. */
export function familyOf(architecture: string, fileName: string): Family {
  const family = find(architecture)
  if (family) return family
  const known = knownArchitectures()
  const meant = nearest(architecture, known)
  const listed = [...EXAMPLES, ...registered.keys()].slice(0, MAX_LISTED).map(displayName)
  const others = `${known.length} are supported, among them ${listed.join(', ')} (docs/families.md)`
  throw new DasllamaError(
    'UNSUPPORTED',
    `${displayName(fileName)}: architecture ${describeValue(architecture)} is not supported`,
    { hint: meant === undefined ? others : `the nearest supported one is ${displayName(meant)}; ${others}` },
  )
}

/** All architectures that have a family. */
function knownArchitectures(): readonly string[] {
  return [...BUILT_IN.flatMap(({ architectures }) => architectures), ...registered.keys()]
}

function find(architecture: string): Family | undefined {
  return (
    BUILT_IN.find(({ architectures }) => architectures.includes(architecture)) ?? registered.get(architecture)
  )
}

/** The architectures that a family implements, each read once. */
function checkFamily(family: Partial<Family> | null | undefined): string[] {
  try {
    const { architectures, hyperparameters, build } = family ?? {}
    if (isArray(architectures) && typeof hyperparameters === 'function' && typeof build === 'function') {
      const names = readList('architectures', architectures, checkName)
      if (names.length > 0) return names
    }
  } catch (cause) {
    throw notAFamily(cause)
  }
  throw notAFamily()
}

function checkName(name: unknown, index: number): string {
  if (typeof name === 'string' && name !== '' && name.length <= MAX_CHARACTERS && index < MAX_NAMES) {
    return name
  }
  throw notAFamily()
}

function notAFamily(cause?: unknown): DasllamaError {
  return new DasllamaError('INVALID_ARGUMENT', 'a family has architectures, hyperparameters() and build()', {
    cause,
    hint: 'see "A family of your own" in docs/families.md; architectures are at most 1000 names of at most 200 characters',
  })
}
