/** Which models are in memory: loading on demand, unloading what is idle, and places for a few of many. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Residency, type ResidencyOptions, type Use } from '../../src/server/service/residency.js'
import { RandomBits } from '../support/random-model/random-bits.js'

const NEVER = new AbortController().signal

/** An item that a test loads: whether it is there now. */
interface Item {
  readonly name: string
  isLoaded: boolean
}

/** Items whose loading and unloading take a turn of the event loop, and a record of what happened. */
class Shelf {
  readonly log: string[] = []
  readonly items: Item[] = []
  readonly residency: Residency<Item>
  /** Names of items whose next load fails. */
  readonly failing = new Set<string>()
  most = 0
  #held = 0

  constructor(
    names: readonly string[],
    options: Partial<ResidencyOptions> = {},
    fixed: readonly string[] = [],
  ) {
    const sources = names.map((name) => [name, this.#source(name, fixed.includes(name))] as const)
    this.residency = new Residency(new Map(sources), {
      maxLoaded: Infinity,
      unloadAfter: undefined,
      ...options,
    })
  }

  #source(name: string, isFixed: boolean) {
    return {
      isFixed,
      load: async () => {
        this.log.push(`+${name}`)
        this.most = Math.max(this.most, isFixed ? this.#held : ++this.#held)
        await turn()
        if (this.failing.delete(name)) {
          if (!isFixed) this.#held--
          throw new Error(`${name} cannot be loaded`)
        }
        const item = { name, isLoaded: true }
        this.items.push(item)
        return item
      },
      unload: async (item: Item) => {
        this.log.push(`-${name}`)
        item.isLoaded = false
        await turn()
        if (!isFixed) this.#held--
      },
    }
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

async function turns(count = 8): Promise<void> {
  for (let i = 0; i < count; i++) await turn()
}

describe('an item', () => {
  it('is loaded once for all who ask, and stays', async () => {
    const { residency, log } = new Shelf(['a', 'b'])
    const uses = await Promise.all([residency.acquire('a', NEVER), residency.acquire('a', NEVER)])
    for (const use of uses) use.end()
    expect((await residency.acquire('a', NEVER)).item).toBe(uses[0].item)
    expect(log).toEqual(['+a'])
  })

  it('that cannot be loaded fails all who wait, and is tried again for the next', async () => {
    const { residency, failing, log } = new Shelf(['a'])
    failing.add('a')
    const outcomes = await Promise.allSettled([residency.acquire('a', NEVER), residency.acquire('a', NEVER)])
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(residency.stateOf('a')).toBe('failed')
    expect((await residency.acquire('a', NEVER)).item.isLoaded).toBe(true)
    expect(log).toEqual(['+a', '+a'])
  })

  it('is unloaded on request only while nobody uses it or waits for it', async () => {
    const { residency } = new Shelf(['a', 'fixed'], {}, ['fixed'])
    expect(await residency.unload('a')).toBe(true)
    const coming = residency.acquire('a', NEVER)
    expect(await residency.unload('a')).toBe(false)
    const use = await coming
    expect(await residency.unload('a')).toBe(false)
    use.end()
    use.end()
    expect(await residency.unload('a')).toBe(true)
    expect(use.item.isLoaded).toBe(false)
    ;(await residency.acquire('fixed', NEVER)).end()
    expect(await residency.unload('fixed')).toBe(false)
  })

  it('that is asked for while it is unloaded is loaded again', async () => {
    const { residency, log } = new Shelf(['a'])
    ;(await residency.acquire('a', NEVER)).end()
    const unloaded = residency.unload('a')
    const again = residency.acquire('a', NEVER)
    await unloaded
    expect((await again).item.isLoaded).toBe(true)
    expect(log).toEqual(['+a', '-a', '+a'])
  })

  it('that is lost is loaded again once its uses have ended, and until then nobody new gets it', async () => {
    const { residency, log } = new Shelf(['a'])
    const [first, second] = await Promise.all([residency.acquire('a', NEVER), residency.acquire('a', NEVER)])
    first.lost()
    first.end()
    const next = residency.acquire('a', NEVER)
    await turns()
    expect(log).toEqual(['+a'])
    second.end()
    expect((await next).item).not.toBe(first.item)
    expect(log).toEqual(['+a', '-a', '+a'])
  })

  it.each([
    ['its patience', { patience: 5 }],
    ['the signal', { signal: AbortSignal.timeout(5) }],
    ['a signal that is aborted already', { signal: AbortSignal.abort() }],
  ])(
    'that is being loaded keeps close no longer than %s, and is unloaded when it comes',
    async (_, options) => {
      let give: (item: string) => void = () => {}
      const unloaded: string[] = []
      const source = {
        isFixed: false,
        load: () => new Promise<string>((resolve) => (give = resolve)),
        unload: async (item: string) => void unloaded.push(item),
      }
      const residency = new Residency(new Map([['a', source]]), { maxLoaded: 1, unloadAfter: undefined })
      const late = residency.acquire('a', NEVER)
      const refused = expect(late).rejects.toThrow('closed')
      await residency.close(options)
      await refused
      expect(unloaded).toEqual([])
      give('late')
      await vi.waitFor(() => expect(unloaded).toEqual(['late']))
    },
  )

  it('is freed by close, also one that is being loaded', async () => {
    const { residency, items } = new Shelf(['a', 'b'])
    ;(await residency.acquire('a', NEVER)).end()
    const late = residency.acquire('b', NEVER)
    const closed = residency.close()
    await expect(late).rejects.toThrow('closed')
    await closed
    await expect(residency.acquire('a', NEVER)).rejects.toThrow('closed')
    expect(items.map(({ isLoaded }) => isLoaded)).toEqual([false, false])
  })
})

describe('an item that nobody uses', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
  afterEach(() => void vi.useRealTimers())

  it('is unloaded after the given time, which begins when its last use ends', async () => {
    const { residency, log } = new Shelf(['a'], { unloadAfter: 1000 })
    const use = await residency.acquire('a', NEVER)
    vi.advanceTimersByTime(5000)
    expect(log).toEqual(['+a'])
    use.end()
    vi.advanceTimersByTime(999)
    const again = await residency.acquire('a', NEVER)
    vi.advanceTimersByTime(5000)
    again.end()
    vi.advanceTimersByTime(999)
    expect(log).toEqual(['+a'])
    vi.advanceTimersByTime(1)
    expect(log).toEqual(['+a', '-a'])
  })

  it('is unloaded too if the one who asked for it has left before it was loaded', async () => {
    const { residency, log } = new Shelf(['a'], { unloadAfter: 1000 })
    const leaving = new AbortController()
    const asked = residency.acquire('a', leaving.signal)
    leaving.abort(new Error('gone'))
    await expect(asked).rejects.toThrow('gone')
    await turns()
    vi.advanceTimersByTime(1000)
    expect(log).toEqual(['+a', '-a'])
  })
})

describe('items with few places', () => {
  it('take that of the one that was used least recently', async () => {
    const { residency, log } = new Shelf(['a', 'b', 'c'], { maxLoaded: 2 })
    for (const name of ['a', 'b', 'a', 'c']) {
      ;(await residency.acquire(name, NEVER)).end()
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    expect(log).toEqual(['+a', '+b', '-b', '+c'])
  })

  it('wait for a use to end, and those who come for what is in use wait behind them', async () => {
    const { residency, log } = new Shelf(['a', 'b'], { maxLoaded: 1 })
    const first = await residency.acquire('a', NEVER)
    const b = residency.acquire('b', NEVER)
    const second = residency.acquire('a', NEVER)
    await turns()
    expect([log, residency.waiting]).toEqual([['+a'], 2])
    first.end()
    const use = await b
    await turns()
    expect(log).toEqual(['+a', '-a', '+b'])
    use.end()
    expect((await second).item.isLoaded).toBe(true)
    expect(log).toEqual(['+a', '-a', '+b', '-b', '+a'])
  })

  it('leave an item where it is when the one who needed its place has left', async () => {
    const { residency, log } = new Shelf(['a', 'b'], { maxLoaded: 1 })
    const first = await residency.acquire('a', NEVER)
    const leaving = new AbortController()
    const b = residency.acquire('b', leaving.signal)
    const second = residency.acquire('a', NEVER)
    await turns()
    expect(residency.waiting).toBe(2)
    leaving.abort(new Error('gone'))
    await expect(b).rejects.toThrow('gone')
    expect((await second).item).toBe(first.item)
    expect(log).toEqual(['+a'])
  })

  it('run on while another is loaded', async () => {
    const { residency } = new Shelf(['a', 'b'], { maxLoaded: 2 })
    ;(await residency.acquire('a', NEVER)).end()
    const b = residency.acquire('b', NEVER)
    const during = residency.acquire('a', NEVER)
    expect(await Promise.race([b.then(() => 'b'), during.then(() => 'a')])).toBe('a')
    await b
  })
})

describe('random operations', () => {
  it.each(Array.from({ length: 60 }, (_, seed) => [seed]))(
    'keep the limits, unload nothing that is used, and leave nobody waiting: seed %i',
    async (seed) => {
      const random = new RandomBits(seed)
      const below = (n: number) => Math.floor(n * random.fraction())
      const names = ['a', 'b', 'c', 'd', 'fixed']
      const maxLoaded = 1 + below(3)
      const shelf = new Shelf(names, { maxLoaded, unloadAfter: below(2) === 0 ? 1 : undefined }, ['fixed'])
      const { residency } = shelf
      const uses = new Set<Use<Item>>()
      const pending: Promise<void>[] = []
      const outcomes = { used: 0, left: 0, failed: 0 }
      const acquire = async (name: string, isLeaving: boolean) => {
        const leaving = new AbortController()
        if (isLeaving) void turns(below(4)).then(() => leaving.abort('left'))
        try {
          const use = await residency.acquire(name, leaving.signal)
          expect(use.item).toMatchObject({ name, isLoaded: true })
          uses.add(use)
          await turns(below(6))
          expect(use.item.isLoaded).toBe(true)
          if (below(10) === 0) use.lost()
          use.end()
          uses.delete(use)
          outcomes.used++
        } catch (reason) {
          if (reason === 'left') outcomes.left++
          else if (/cannot be loaded/.test(String(reason))) outcomes.failed++
          else throw reason
        }
      }
      for (let step = 0; step < 100; step++) {
        const name = names[below(names.length)]
        const what = below(10)
        if (what < 6) pending.push(acquire(name, what === 0))
        else if (what === 6 && name !== 'fixed') shelf.failing.add(name)
        else if (what === 7) pending.push(residency.unload(name).then(() => {}))
        else await turn()
        expect(shelf.most).toBeLessThanOrEqual(maxLoaded)
        for (const { item } of uses) expect(item.isLoaded).toBe(true)
      }
      await Promise.all(pending)
      expect(outcomes.used).toBeGreaterThan(10)
      expect(residency.waiting).toBe(0)
      await residency.close()
      expect(shelf.items.filter(({ isLoaded }) => isLoaded)).toEqual([])
    },
  )
})
