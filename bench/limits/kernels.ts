/** The loops whose speed in WebAssembly is a limit, in AssemblyScript, and their units. */

/** Accumulators: enough to hide the latency of a multiplication and an addition, few enough for 16 registers. */
const CHAINS = Array.from({ length: 12 }, (_, i) => `x${i}`)

/** A loop of `steps` iterations, each of which applies `step` to every chain; `a` and `b` come from memory. */
function chains(name: string, step: (x: string) => string): string {
  const lines = (line: (x: string, i: number) => string) => CHAINS.map(line).join('\n')
  return `
    export function ${name}(p: usize, steps: i32): void {
      const a = v128.load(p), b = v128.load(p, 16)
      ${lines((x, i) => `let ${x} = v128.load(p, ${32 + 16 * i})`)}
      for (let i = 0; i < steps; i++) {
        ${lines((x) => `${x} = ${step(x)}`)}
      }
      ${lines((x, i) => `v128.store(p, ${x}, ${32 + 16 * i})`)}
    }`
}

/** Streams of a span that are read in turn: processors prefetch this many at once, and a single one more slowly. */
const STREAMS = Array.from({ length: 8 }, (_, i) => `at + ${i} * part`)

/** Reads all bytes of a span. */
const READ = `
  export function read(p: usize, bytes: usize): void {
    const part = bytes / ${STREAMS.length}
    let s0 = i64x2.splat(0), s1 = s0, s2 = s0, s3 = s0
    for (let at = p, end = p + part; at < end; at += 64) {
      ${STREAMS.map(
        (place) => `
      s0 = v128.xor(s0, v128.load(${place}))
      s1 = v128.xor(s1, v128.load(${place}, 16))
      s2 = v128.xor(s2, v128.load(${place}, 32))
      s3 = v128.xor(s3, v128.load(${place}, 48))`,
      ).join('')}
    }
    v128.store(p, v128.xor(v128.xor(s0, s1), v128.xor(s2, s3)))
  }`

export interface Loop {
  /** The name of the exported function. */
  readonly name: string
  readonly what: string
  /** Multiplications per step. */
  readonly macs: number
  readonly source: string
}

function loop(name: string, what: string, lanes: number, step: (x: string) => string): Loop {
  return { name, what, macs: lanes * CHAINS.length, source: chains(name, step) }
}

const BASELINE = [
  loop('mulAdd', 'f32x4.mul, f32x4.add', 4, (x) => `f32x4.add(f32x4.mul(${x}, a), b)`),
  loop('dot16', 'i32x4.dot_i16x8_s, i32x4.add', 8, (x) => `i32x4.add(i32x4.dot_i16x8_s(${x}, a), b)`),
]

const RELAXED = [
  ...BASELINE,
  loop('madd', 'f32x4.relaxed_madd', 4, (x) => `f32x4.relaxed_madd(${x}, a, b)`),
  loop(
    'dot8',
    'i16x8.relaxed_dot_i8x16_i7x16_s, i16x8.add',
    16,
    (x) => `i16x8.add(i16x8.relaxed_dot_i8x16_i7x16_s(${x}, a), b)`,
  ),
  loop(
    'dot8Add',
    'i32x4.relaxed_dot_i8x16_i7x16_add_s',
    16,
    (x) => `i32x4.relaxed_dot_i8x16_i7x16_add_s(${x}, a, b)`,
  ),
]

export const LOOPS = { baseline: BASELINE, relaxed: RELAXED }

/** The source of a module with `read` and the loops of a build. */
export function limitSource(build: keyof typeof LOOPS): string {
  return [READ, ...LOOPS[build].map(({ source }) => source)].join('\n')
}
