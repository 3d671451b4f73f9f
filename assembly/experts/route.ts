/**
 * Routers of mixtures of experts: which experts each token uses, and their weights. Source: Shazeer et al. 2017; DeepSeek-AI
 * 2024 (groups, selection bias).
 */
import { add } from '../add'
import { scale } from '../scale'
import { sigmoid } from '../sigmoid'
import { softmax } from '../softmax'
import { parallelFor, threadIndex } from '../thread_pool'

/** Probabilities of a router's logits: over all experts, each for itself, or over the chosen ones once they are chosen. */
const SOFTMAX: i32 = 0
const SIGMOID: i32 = 1

/** A router. JavaScript writes it (src/backend/wasm/experts/route-step.ts), so the order of fields is part of the interface. */
@unmanaged
class Routing {
  experts: i32
  /** Experts per token. */
  used: i32
  /** SOFTMAX, SIGMOID, or 2: the softmax of the chosen logits. */
  gating: i32
  /** f32[experts], added for the choice only; or 0. */
  selectionBias: usize
  /** Equal groups of experts, of which `groupsUsed` are allowed; 0: no groups. */
  groups: i32
  groupsUsed: i32
  /** Whether weights are divided by their sum. */
  normalize: bool
  /** Factor of the weights. */
  scale: f32
  /** `route_scratch` bytes for the threads of the pool. */
  scratch: usize
}

/** The current call, for all threads. */
@unmanaged
class Call {
  routing: Routing
  logits: usize
  out: usize
}

const call = changetype<Call>(memory.data(offsetof<Call>(), 64))

/** Whether an expert, or a group, may be chosen, or has been. */
const OPEN: u8 = 0
const CLOSED: u8 = 1
const CHOSEN: u8 = 2

/** The least sum that weights are divided by, as in llama.cpp: 2^-14, the least normal f16. */
const LEAST_SUM: f32 = 6.103515625e-5

/** With fewer values the pool is not worth waking. */
const SHARED_VALUES: i32 = 4096

/** Bytes of scratch for `threads` threads. */
export function route_scratch(threads: i32, experts: i32): usize {
  return <usize>threads * threadBytes(experts)
}

/** Bytes of a thread's scratch: f32 probabilities, scores and groups' scores, and the states of experts and of groups. */
function threadBytes(experts: i32): usize {
  return (14 * padded(experts) + 63) & ~63
}

/** The softmax works on multiples of four values. */
@inline
function padded(experts: i32): usize {
  return <usize>((experts + 3) & ~3)
}

/**
 * For each of `rows` rows of `logits`, f32[rows][experts], writes f32[2][used] to `out`: the chosen experts' indices in
 * ascending order, then their weights. Of equal scores the lower index is chosen. Indices are valid whatever the logits are.
 */
export function route(routing: usize, logits: usize, out: usize, rows: i32): void {
  call.routing = changetype<Routing>(routing)
  call.logits = logits
  call.out = out
  if (rows * call.routing.experts < SHARED_VALUES) {
    for (let row = 0; row < rows; row++) routeRow(row)
    return
  }
  const part = routeRow
  parallelFor(part.index, rows)
}

function routeRow(row: i32): void {
  const routing = call.routing
  const experts = routing.experts
  const used = routing.used
  const count = padded(experts)
  const probabilities = routing.scratch + <usize>threadIndex() * threadBytes(experts)
  const scores = probabilities + (count << 2)
  const groupScores = scores + (count << 2)
  const states = groupScores + (count << 2)
  const groupStates = states + count
  const bytes = (<usize>experts) << 2
  memory.copy(probabilities, call.logits + <usize>row * bytes, bytes)
  if (routing.gating == SOFTMAX) softmax(probabilities, experts)
  else if (routing.gating == SIGMOID) sigmoid(probabilities, experts)
  memory.copy(scores, probabilities, bytes)
  if (routing.selectionBias != 0) add(routing.selectionBias, scores, experts)
  memory.fill(states, OPEN, count)
  if (routing.groups != 0) {
    const size = experts / routing.groups
    for (let group = 0; group < routing.groups; group++) {
      store<f32>(groupScores + ((<usize>group) << 2), sumOfTwoBest(scores + ((<usize>(group * size)) << 2), size))
    }
    memory.fill(groupStates, OPEN, <usize>routing.groups)
    for (let i = 0; i < routing.groupsUsed; i++) chooseBest(groupScores, groupStates, routing.groups)
    for (let group = 0; group < routing.groups; group++) {
      if (load<u8>(groupStates + <usize>group) == CHOSEN) continue
      memory.fill(states + <usize>(group * size), CLOSED, <usize>size)
    }
  }
  for (let i = 0; i < used; i++) chooseBest(scores, states, experts)
  // The scores have served; the softmax of the chosen needs room for a multiple of four values.
  const indices = call.out + ((<usize>(2 * row * used)) << 2)
  let found: usize = 0
  for (let expert = 0; expert < experts; expert++) {
    if (load<u8>(states + <usize>expert) != CHOSEN) continue
    store<f32>(indices + found, <f32>expert)
    store<f32>(scores + found, load<f32>(probabilities + ((<usize>expert) << 2)))
    found += 4
  }
  const weights = indices + ((<usize>used) << 2)
  if (routing.gating > SIGMOID) softmax(scores, used)
  memory.copy(weights, scores, (<usize>used) << 2)
  if (routing.normalize) normalize(weights, used)
  if (routing.scale != 1) scale(weights, used, routing.scale)
}

/** Marks the best open entry, the first of equal ones. NaN is never better; if nothing is, the first open entry is marked. */
function chooseBest(scores: usize, states: usize, count: i32): void {
  let best = -1
  let score: f32 = 0
  for (let i = 0; i < count; i++) {
    if (load<u8>(states + <usize>i) != OPEN) continue
    const value = load<f32>(scores + ((<usize>i) << 2))
    if (best >= 0 && !(value > score)) continue
    best = i
    score = value
  }
  if (best >= 0) store<u8>(states + <usize>best, CHOSEN)
}

/** The sum of the two largest of f32[n], or the only one. */
function sumOfTwoBest(x: usize, n: i32): f32 {
  let best: f32 = -Infinity
  let second: f32 = -Infinity
  for (let i = 0; i < n; i++) {
    const value = load<f32>(x + ((<usize>i) << 2))
    if (value > best) {
      second = best
      best = value
    } else if (value > second) second = value
  }
  return n == 1 ? best : best + second
}

/** Divides f32[n] by their sum, taken in order. */
function normalize(x: usize, n: i32): void {
  const end = x + ((<usize>n) << 2)
  let sum: f32 = 0
  for (let at = x; at < end; at += 4) sum += load<f32>(at)
  sum = max(sum, LEAST_SUM)
  for (let at = x; at < end; at += 4) store<f32>(at, load<f32>(at) / sum)
}
