import type { Model, TokenId } from 'dasllama'
import type { SamplingParams } from 'dasllama/sampling'
import type { Playground } from '../app/tab.js'
import { Branch, type BranchHost } from './branch.js'
import { LogitsBudget } from './kept-logits.js'

/** Bytes of logits to keep of tokens that one can go back to. */
const KEPT_BYTES = 64e6

/** A branch in the list. */
export interface NamedBranch {
  /** A, B, C … */
  readonly name: string
  readonly branch: Branch
  /** Where it was forked; absent for one that began with the prompt. */
  readonly from?: { readonly name: string; readonly index: number }
}

/** What happens on the story's branches. */
interface Work {
  /** Aborted by the Stop button, Escape and a new model: for what is evaluated. */
  readonly signal: AbortSignal
  /** Aborted by that too, and by what begins next: between tokens. */
  readonly next: AbortSignal
  count(): void
}

/** The view of a story. */
export interface StoryListener {
  /** Tokens, branches or the selected token have changed. */
  onChange(): void
  onFailure(error: unknown): void
}

/**
 * The text that grows from the prompt, with all branches that have been tried. One thing happens at a time: what begins stops what
 * runs.
 */
export class Story {
  branches: readonly NamedBranch[] = []
  current: NamedBranch | undefined
  /** The token whose distribution is shown: an index into the current branch's tokens, or their number for the next one. */
  selected = 0
  prompt: readonly TokenId[] = []
  readonly model: Model
  readonly #app: Playground
  readonly #listener: StoryListener
  readonly #host: BranchHost
  /** The prompt alone: what begins with it forks this one. */
  #root: Branch | undefined
  #made = 0
  #running: AbortController | undefined
  /** Increases with `stop`: what waits since before is left out. */
  #stops = 0
  #last: Promise<void> = Promise.resolve()

  constructor(app: Playground, model: Model, listener: StoryListener) {
    this.#app = app
    this.model = model
    this.#listener = listener
    this.#host = { tokenizer: model.tokenizer, budget: new LogitsBudget(KEPT_BYTES) }
  }

  /** Whether tokens are being drawn one after the other. */
  isGenerating = false

  /** The logits that the selected token is chosen from, if they are at hand. */
  get logits(): Float32Array | undefined {
    return this.current?.branch.logitsAt(this.selected)
  }

  /** Ids before the selected token, without the prompt. */
  get previousTokens(): TokenId[] {
    return this.current?.branch.ids.slice(0, this.selected) ?? []
  }

  /** Evaluates a prompt; the first branch begins with it. Those of the prompt before are disposed. */
  open(prompt: string, seed: number): Promise<void> {
    return this.#alone(async ({ next: signal }) => {
      const promptIds = this.model.encode(prompt)
      const session = this.#app.createSession()
      let root: Branch
      try {
        root = await Branch.open(this.#host, session, { promptIds, seed, signal })
      } catch (error) {
        void session.dispose()
        throw error
      }
      this.dispose()
      this.#root = root
      this.prompt = promptIds
      this.#add({ branch: await root.fork(0, seed) })
    })
  }

  /** A new branch from the prompt that draws with this seed. */
  restart(seed: number): Promise<void> {
    return this.#alone(async () => {
      if (!this.#root) return
      const { current } = this
      this.#add({ branch: await this.#root.fork(0, seed) })
      // What nothing was generated in is not worth keeping.
      if (current?.branch.tokens.length === 0) this.remove(current)
    })
  }

  /** A branch from the prompt with this seed, not in the list. Its owner disposes it or adopts it. */
  async fresh(seed: number): Promise<Branch> {
    if (!this.#root) throw new Error('there is no prompt yet')
    return this.#root.fork(0, seed)
  }

  /** Lists a branch that `fresh` made. */
  adopt(branch: Branch): void {
    this.#add({ branch })
    this.#listener.onChange()
  }

  /** Draws at most `count` tokens. `params` are read for each. */
  generate(params: () => SamplingParams, count: number): Promise<void> {
    return this.#alone(async (work) => {
      const { current } = this
      if (!current) return
      const { branch } = current
      this.isGenerating = count > 1
      this.#listener.onChange()
      for (let i = 0; i < count && (i === 0 || !work.next.aborted); i++) {
        if (!(await branch.step(params(), work.signal))) break
        work.count()
        if (this.current === current) this.selected = branch.tokens.length
        this.#listener.onChange()
      }
    })
  }

  /**
   * Continues from another token at `index`. At the end of the branch the token is appended; elsewhere it begins a new branch, or goes
   * back to one that has the same tokens up to there.
   */
  choose(index: number, id: TokenId): Promise<void> {
    return this.#alone(async ({ signal, count }) => {
      const { current } = this
      if (!current || current.branch.tokens[index]?.id === id) return
      const known = this.#find([...current.branch.ids.slice(0, index), id])
      if (known) {
        this.#show(known, index + 1)
        return
      }
      let { branch } = current
      const isNew = index < branch.tokens.length
      if (!isNew && branch.isFull) return
      if (isNew) {
        if (!branch.logitsAt(index)) await branch.recall(index, signal)
        branch = await branch.fork(index)
      }
      try {
        await branch.choose(id, signal)
      } catch (error) {
        if (isNew) branch.dispose()
        throw error
      }
      count()
      if (isNew) this.#add({ branch, from: { name: current.name, index } })
      this.selected = branch.tokens.length
    })
  }

  /** Selects a token, or with the number of tokens the next one. */
  async select(index: number): Promise<void> {
    const { current } = this
    if (!current) return
    this.selected = Math.max(0, Math.min(index, current.branch.tokens.length))
    this.#listener.onChange()
    if (this.logits || this.#running) return
    await this.#alone(async ({ next: signal }) => {
      await current.branch.recall(this.selected, signal)
    })
  }

  /** Shows another branch, at its end. */
  show(named: NamedBranch): void {
    this.#stop()
    this.#show(named, named.branch.tokens.length)
    this.#listener.onChange()
  }

  /** Forgets a branch, unless it is the only one. */
  remove(named: NamedBranch): void {
    if (this.branches.length === 1) return
    this.#stop()
    const at = this.branches.indexOf(named)
    this.branches = this.branches.filter((each) => each !== named)
    const [next] = this.branches.slice(Math.max(0, at - 1))
    if (this.current === named) this.#show(next, next.branch.tokens.length)
    void this.#last.then(() => named.branch.dispose())
    this.#listener.onChange()
  }

  /** Ends what runs, and leaves out what waits. */
  stop(): void {
    this.#stops++
    this.#stop()
  }

  /** Forgets everything. */
  dispose(): void {
    for (const { branch } of this.branches) branch.dispose()
    this.#root?.dispose()
    this.#root = undefined
    this.branches = []
    this.current = undefined
    this.#made = 0
    this.selected = 0
  }

  #show(named: NamedBranch, selected: number): void {
    this.current = named
    this.selected = selected
  }

  #add(made: Omit<NamedBranch, 'name'>): void {
    const named = { ...made, name: nameOf(this.#made++) }
    this.branches = [...this.branches, named]
    this.#show(named, named.branch.tokens.length)
  }

  /** A branch that begins with these ids. */
  #find(ids: readonly TokenId[]): NamedBranch | undefined {
    return this.branches.find(({ branch }) => ids.every((id, i) => branch.tokens[i]?.id === id))
  }

  #stop(): void {
    this.#running?.abort()
  }

  /** Ends what runs after its token, and then does `work`. Failures go to the listener. */
  #alone(work: (work: Work) => Promise<void>): Promise<void> {
    this.#stop()
    const stops = this.#stops
    const turn = this.#last.then(() => (stops === this.#stops ? this.#run(work) : undefined))
    this.#last = turn
    return turn
  }

  async #run(work: (work: Work) => Promise<void>): Promise<void> {
    const own = new AbortController()
    this.#running = own
    try {
      await this.#app.run(async ({ signal, count }) => {
        const pass = () => own.abort(signal.reason)
        signal.addEventListener('abort', pass)
        try {
          await work({ signal, next: own.signal, count: () => count() })
        } finally {
          signal.removeEventListener('abort', pass)
        }
      })
    } catch (error) {
      if (error !== own.signal.reason || !own.signal.aborted) this.#listener.onFailure(error)
    } finally {
      this.#running = undefined
      this.isGenerating = false
      this.#listener.onChange()
    }
  }
}

/** A … Z, A2 … */
function nameOf(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26))
  return index < 26 ? letter : `${letter}${Math.floor(index / 26) + 1}`
}
