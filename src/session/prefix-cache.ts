import type { Phase } from '../backend/batch.js'
import { type KvType, PAGE_POSITIONS, reachableLength, type SequenceMemory } from '../backend/memory.js'
import type { TokenId } from '../tokenizer/tokenizer.js'
import type { Sequence } from './sequence.js'

/** What a model's prefix cache holds, and what it has saved so far. */
export interface PrefixCacheStats {
  /** Prompts that are kept. */
  readonly prompts: number
  /** Bytes of their keys and values; pages that they have in common count once. */
  readonly bytes: number
  /** Prompts that began with cached tokens. */
  readonly hits: number
  /** Prompts that did not. */
  readonly misses: number
  /** Tokens that were not evaluated because they were kept. */
  readonly savedTokens: number
  /** Prompts that were dropped to make room. */
  readonly evictions: number
}

/** Sessions share kept prompts only if all of these are equal. */
export interface SharingTerms {
  readonly kvType: KvType
  /** See `Executable.createMemory`. */
  readonly retain: number
  /** See `SessionOptions.prefixCache`. */
  readonly scope: string
}

/** A prompt that is kept: its tokens, and a memory that holds them. */
interface KeptPrompt {
  readonly sequence: Sequence
  readonly memory: SequenceMemory
  /** The list that it is in. */
  readonly list: KeptPrompt[]
  /** Order of the latest use. */
  usedAt: number
}

/** A kept prompt, and how many tokens of another prompt its memory can provide. */
interface Match {
  readonly prompt: KeptPrompt
  readonly length: number
}

/**
 * The prompts that a model's sessions have evaluated, so that others which begin alike need not evaluate the same tokens
 * again. A kept prompt is a fork of a session's memory: pages of keys and values are shared, never copied, and stay as long as
 * a session or a kept prompt has them.
 *
 * Kept prompts are sorted by their ids. So the longest common prefix with a prompt is that of a neighbour, and what a prompt
 * adds to its predecessor are the pages that it does not share.
 */
export class PrefixCache {
  readonly #maxBytes: number
  readonly #lists = new Map<string, KeptPrompt[]>()
  #uses = 0
  #hits = 0
  #misses = 0
  #savedTokens = 0
  #evictions = 0

  /** `maxBytes`: limit of `stats().bytes`. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  stats(): PrefixCacheStats {
    const counts = { hits: this.#hits, misses: this.#misses, savedTokens: this.#savedTokens }
    return { prompts: this.#all().length, bytes: this.#bytes(), ...counts, evictions: this.#evictions }
  }

  /** The view of sessions on these terms. */
  under(terms: SharingTerms): SharedPrefixes {
    const key = JSON.stringify([terms.kvType, terms.retain, terms.scope])
    const list = () => {
      const found = this.#lists.get(key) ?? []
      this.#lists.set(key, found)
      return found
    }
    return {
      match: (prompt, phase) => longestMatch(list(), prompt, phase)?.length ?? 0,
      attach: (memory, prompt, phase, own) => this.#attach(list(), { memory, prompt, phase, own }),
      keep: (sequence, memory) => this.#keep(list(), sequence, memory),
    }
  }

  /** Drops the prompt that has not been used for longest, except `other`. Returns false if there is none. */
  evict(other?: KeptPrompt): boolean {
    const all = this.#all().filter((each) => each !== other)
    if (all.length === 0) return false
    this.#drop(all.reduce((oldest, each) => (each.usedAt < oldest.usedAt ? each : oldest)))
    this.#evictions++
    return true
  }

  /** Drops everything. */
  clear(): void {
    for (const prompt of this.#all()) this.#drop(prompt)
  }

  async #attach(
    list: readonly KeptPrompt[],
    {
      memory,
      prompt,
      phase,
      own,
    }: { memory: SequenceMemory; prompt: readonly TokenId[]; phase: Phase; own: number },
  ): Promise<Sequence | undefined> {
    const match = longestMatch(list, prompt, phase)
    if (!match || match.length <= own) {
      this.#count(own)
      return undefined
    }
    const { sequence } = match.prompt
    match.prompt.usedAt = ++this.#uses
    await memory.copyFrom(match.prompt.memory)
    const length = await memory.truncate(match.length)
    this.#count(length)
    return sequence.beginning(length)
  }

  #count(length: number): void {
    if (length > 0) this.#hits++
    else this.#misses++
    this.#savedTokens += length
  }

  async #keep(list: KeptPrompt[], sequence: Sequence, memory: SequenceMemory): Promise<void> {
    const { ids } = sequence.state
    if (this.#hasKept(list, ids)) return
    const fork = await memory.fork()
    // By another session, meanwhile.
    if (this.#hasKept(list, ids)) return fork.dispose()
    const prompt = { sequence: sequence.beginning(ids.length), memory: fork, list, usedAt: ++this.#uses }
    list.splice(placeOf(list, ids), 0, prompt)
    for (const other of prefixesOf(prompt)) this.#drop(other)
    while (this.#bytes() > this.#maxBytes) if (!this.evict(prompt)) this.#drop(prompt)
  }

  /** Whether a kept prompt begins with these ids, or has just these; then it counts as used. */
  #hasKept(list: readonly KeptPrompt[], ids: readonly TokenId[]): boolean {
    const next = list[placeOf(list, ids)]
    if (!next || !covers(next, ids)) return false
    next.usedAt = ++this.#uses
    return true
  }

  #drop(prompt: KeptPrompt): void {
    const at = prompt.list.indexOf(prompt)
    if (at >= 0) prompt.list.splice(at, 1)
    prompt.memory.dispose()
  }

  #all(): KeptPrompt[] {
    return [...this.#lists.values()].flat()
  }

  /** Bytes of all pages that are kept, those that neighbours share once. */
  #bytes(): number {
    let bytes = 0
    for (const list of this.#lists.values()) {
      for (const [at, { sequence, memory }] of list.entries()) {
        const pages = Math.ceil(sequence.position / PAGE_POSITIONS)
        const shared = at === 0 ? 0 : commonLength(list[at - 1].sequence.state.ids, sequence.state.ids)
        bytes += (memory.bytes * (pages - Math.floor(shared / PAGE_POSITIONS))) / pages
      }
    }
    return Math.round(bytes)
  }
}

/** The prefix cache as one session sees it. */
export interface SharedPrefixes {
  /** How many tokens of a prompt, evaluated in this phase, could be attached. */
  match(prompt: readonly TokenId[], phase: Phase): number
  /**
   * Replaces a memory's content by the longest kept beginning of a prompt, if that is more than the `own` tokens which the
   * memory has of it. Resolves with the attached tokens; `undefined`: nothing has changed.
   */
  attach(
    memory: SequenceMemory,
    prompt: readonly TokenId[],
    phase: Phase,
    own: number,
  ): Promise<Sequence | undefined>
  /** Keeps a prompt that has been evaluated into a memory. */
  keep(sequence: Sequence, memory: SequenceMemory): Promise<void>
}

/** The kept prompt that provides most of a prompt: one of its neighbours in the order. */
function longestMatch(list: readonly KeptPrompt[], ids: readonly TokenId[], phase: Phase): Match | undefined {
  const at = placeOf(list, ids)
  const matches = list.slice(Math.max(0, at - 1), at + 1).map((prompt): Match => {
    const shared = prompt.sequence.shared(ids, phase)
    return { prompt, length: reachableLength(prompt.memory.reach, shared) }
  })
  return matches.sort((a, b) => b.length - a.length)[0]
}

/** Whether everything that a memory of `ids` could provide is kept already. */
function covers({ sequence, memory }: KeptPrompt, ids: readonly TokenId[]): boolean {
  const isBeginning = commonLength(sequence.state.ids, ids) === ids.length
  return isBeginning && reachableLength(memory.reach, ids.length) === ids.length
}

/** Kept prompts that are of no use beside one that begins with them: those directly before it. */
function prefixesOf(prompt: KeptPrompt): KeptPrompt[] {
  const { list } = prompt
  const found: KeptPrompt[] = []
  for (let at = list.indexOf(prompt) - 1; at >= 0 && covers(prompt, list[at].sequence.state.ids); at--)
    found.push(list[at])
  return found
}

/** Index of the first kept prompt that is not before `ids` in lexicographic order. */
function placeOf(list: readonly KeptPrompt[], ids: readonly TokenId[]): number {
  let [from, to] = [0, list.length]
  while (from < to) {
    const middle = (from + to) >>> 1
    if (compare(list[middle].sequence.state.ids, ids) < 0) from = middle + 1
    else to = middle
  }
  return from
}

function compare(a: readonly TokenId[], b: readonly TokenId[]): number {
  const at = commonLength(a, b)
  if (at === a.length || at === b.length) return a.length - b.length
  return a[at] - b[at]
}

function commonLength(a: readonly TokenId[], b: readonly TokenId[]): number {
  const most = Math.min(a.length, b.length)
  let length = 0
  while (length < most && a[length] === b[length]) length++
  return length
}
