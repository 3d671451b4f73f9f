import { displayName, mebibytes } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import type { ModelFile, StoredTensor } from '../../gguf/model-file.js'
import { pacer } from '../../platform/pacer.js'
import { type Batch, checkBatch, type TakeOutput } from '../batch.js'
import type { Executable, MemoryOptions } from '../executable.js'
import { FairQueue } from '../fair-queue.js'
import type { KvType, MemorySpec, SequenceMemory } from '../memory.js'
import type { Program } from '../program.js'
import type { Engine } from './engine.js'
import { checkNumbers } from './finite.js'
import { KERNEL_BUILDS, type KernelBuild, type Pointer } from './kernels.js'
import { checkKvType, type KvLayout, kvLayout } from './kv-layout.js'
import { KvMemory } from './kv-memory.js'
import { moveSteps } from './move.js'
import { RopeTables } from './rope-tables.js'
import { schedule } from './schedule.js'
import type { Schedule } from './scheduled.js'
import { allocateScratch, LOGIT_ROWS, type Scratch, scratchBytes } from './scratch.js'
import { Slicer } from './slicer.js'
import { type CompiledProgram, compiledBytes, compileSteps, outputPass } from './steps/compile.js'
import { ProjectStep } from './steps/project.js'
import type { Pass, Segment, Step } from './steps/step.js'
import { Weights } from './weights.js'

export interface LoadOptions {
  /** Bytes that sequences will need in addition to weights and scratch; included in the check before loading. Default 0. */
  readonly reserve?: number
  readonly signal?: AbortSignal | undefined
  /** Called with each piece of a tensor in the file's format, from byte `start` of the tensor on; `bytes` are valid until it returns. */
  readonly onBytes?: (tensor: StoredTensor, start: number, bytes: Uint8Array) => void
  /** Tensor bytes read so far, and in total. */
  readonly onProgress?: ((progress: { loaded: number; total: number }) => void) | undefined
}

/**
 * A program in WebAssembly memory: weights, scratch and steps.
 *
 * A batch yields to the event loop between its steps, so further batches can be requested meanwhile. They are queued,
 * because all share the scratch.
 */
export class WasmExecutable implements Executable {
  readonly vocabSize: number
  readonly embeddingLength: number
  readonly memories: readonly MemorySpec[]
  readonly #program: Program
  readonly #engine: Engine
  readonly #schedule: Schedule
  readonly #scratch: Scratch
  readonly #compiled: CompiledProgram
  readonly #ropes: RopeTables
  readonly #layouts = new Map<KvType, KvLayout>()
  readonly #owned = new Set<SequenceMemory>()
  readonly #queue = new FairQueue()
  readonly #slicer = new Slicer()
  /** Page tables of the running batch, u32[capacity]. */
  #pageTables: { readonly pointer: Pointer; readonly capacity: number }
  #ended: Promise<void> | undefined

  private constructor(program: Program, plan: Schedule, engine: Engine, weights: Weights) {
    this.vocabSize = program.vocabSize
    this.embeddingLength = program.embeddingLength
    this.memories = program.memories
    this.#program = program
    this.#schedule = plan
    this.#engine = engine
    this.#scratch = allocateScratch(program, plan, engine)
    this.#pageTables = newPageTables(engine, FIRST_PAGE_TABLES)
    this.#compiled = compileSteps(engine, { program, schedule: plan, weights, scratch: this.#scratch })
    this.#ropes = new RopeTables(program, weights)
  }

  /**
   * Reads a program's tensors, whose shapes have been checked, into an engine's memory. Throws `UNSUPPORTED` for a format
   * that the kernels do not run, `OUT_OF_MEMORY` before reading a weight if the limit is too small, and errors of reading
   * the file.
   */
  static async load(
    file: ModelFile,
    program: Program,
    engine: Engine,
    options: LoadOptions = {},
  ): Promise<WasmExecutable> {
    const { reserve = 0, signal, onBytes, onProgress } = options
    const plan = schedule(program)
    const weights = new Weights(file, program, engine)
    const need = weights.bytes + workBytes(program, plan, engine) + reserve
    if (need > engine.arena.available) {
      throw new DasllamaError(
        'OUT_OF_MEMORY',
        `${displayName(file.name)} needs ${mebibytes(need)} of memory (weights ${mebibytes(weights.bytes)}), and ${mebibytes(engine.arena.available)} are allowed`,
        { hint: 'use a smaller quantisation or contextLength, or raise memoryLimit (4 GiB at most)' },
      )
    }
    const base = engine.arena.allocate(weights.bytes, 'the weights')
    let loaded = 0
    await weights.load(
      base,
      (tensor, start, bytes) => {
        onBytes?.(tensor, start, bytes)
        loaded += bytes.length
        onProgress?.({ loaded, total: weights.fileBytes })
      },
      signal,
    )
    return new WasmExecutable(program, plan, engine, weights)
  }

  /** Bytes that a file's program takes without sequences: weights and scratch. Throws `UNSUPPORTED`. */
  static bytesFor(file: ModelFile, program: Program, engine: Engine): number {
    return new Weights(file, program, engine).bytes + workBytes(program, schedule(program), engine)
  }

  get bytesInUse(): number {
    return this.#ended ? 0 : this.#engine.arena.bytesInUse
  }

  get memoryLimit(): number {
    return this.#engine.arena.limit
  }

  get threads(): number {
    return this.#ended ? 0 : this.#engine.pool.size
  }

  get kernels(): KernelBuild {
    return KERNEL_BUILDS[this.#engine.kernels.build()]
  }

  get canShift(): boolean {
    return this.#schedule.keyRopes.canShift
  }

  createMemory(type: KvType, options: MemoryOptions = {}): SequenceMemory {
    this.#assertOpen()
    checkKvType(type, this.memories)
    return this.#adopt(new KvMemory(this.#host, this.#layout(type), options))
  }

  run(batch: Batch, take: TakeOutput): Promise<number> {
    return this.#queue.run(async () => {
      this.#assertOpen()
      checkBatch(batch, this.vocabSize, (memory) => this.#owned.has(memory))
      const memories = batch.runs.map(({ memory }) => memory as KvMemory)
      try {
        const pass = this.#begin(batch, memories)
        const passMs = await this.#runSteps(this.#compiled.steps, pass, batch.signal)
        const ms = await this.#takeOutputs(batch, take, passMs)
        for (const { memory, rows, phase } of pass.runs) memory.commit(rows, phase)
        return ms
      } catch (error) {
        for (const memory of memories) memory.rollback()
        throw error
      }
    }, batch.signal)
  }

  dispose(): Promise<void> {
    this.#ended ??= this.#engine.pool.shutDown()
    return this.#ended
  }

  /** Allocates pages in the memories, and writes the steps' inputs into the kernels' memory. */
  #begin({ ids, positions, runs }: Batch, memories: readonly KvMemory[]): Pass {
    for (const [index, memory] of memories.entries()) memory.prepare(runs[index].rows)
    const pageTables = this.#writePageTables(memories)
    for (const [rope, { dims }] of this.#program.ropes.entries()) {
      const table = this.#engine.arena.floats(this.#scratch.ropes[rope], ids.length * dims)
      this.#ropes.fill(table, rope, { positions, runs })
    }
    const segments: Segment[] = []
    for (const { firstRow, rows, phase } of runs) {
      const last = segments.at(-1)
      if (last?.phase === phase) segments[segments.length - 1] = { ...last, rows: last.rows + rows }
      else segments.push({ firstRow, rows, phase })
    }
    return {
      ids,
      positions,
      rows: ids.length,
      segments,
      runs: runs.map(({ firstRow, rows, phase }, index) => {
        const memory = memories[index]
        return { memory, firstRow, rows, phase, position: memory.length, pageTables: pageTables[index] }
      }),
    }
  }

  /** Writes page tables; returns their addresses by memory and group. Throws `OUT_OF_MEMORY`. */
  #writePageTables(memories: readonly KvMemory[]): Pointer[][] {
    const { arena } = this.#engine
    const needed = memories.reduce(
      (sum, { tables }) => sum + tables.reduce((pages, { length }) => pages + length, 0),
      0,
    )
    if (needed > this.#pageTables.capacity) {
      const { pointer } = this.#pageTables
      this.#pageTables = newPageTables(this.#engine, 2 * needed)
      arena.free(pointer)
    }
    let at: number = this.#pageTables.pointer
    return memories.map(({ tables }) =>
      tables.map((table) => {
        const pointer = at as Pointer
        table.write(new Uint32Array(arena.memory.buffer, pointer, table.length))
        at += table.length * 4
        return pointer
      }),
    )
  }

  /** Runs steps, yielding to the event loop between them. Resolves with the milliseconds spent computing. */
  async #runSteps(steps: readonly Step[], pass: Pass, signal?: AbortSignal): Promise<number> {
    const { pool } = this.#engine
    let [step, unit, slice, slices] = [steps[0], 0, 0, 1]
    // One function for all calls of a pass: nothing is allocated per step.
    const call = () => step.run(pass, unit, slice, slices)
    let ms = 0
    let since = pacer.now()
    for (step of steps) {
      const units = step.units(pass)
      for (unit = 0; unit < units; unit++) {
        const kind = step.kind(pass, unit)
        if (kind === undefined) {
          slice = 0
          slices = 1
          pool.run(call)
          continue
        }
        const size = step.size(pass, unit)
        const most = Math.max(1, step.maxSlices(pass, unit))
        slices = Math.min(most, this.#slicer.slices(kind, size))
        for (slice = 0; slice < slices; slice++) {
          pool.run(call)
          const now = pacer.now()
          ms += now - since
          this.#slicer.record(kind, size / slices, now - since)
          since = now
          if (!pacer.isDue(now, size / slices)) continue
          await pacer.pause()
          this.#assertOpen()
          signal?.throwIfAborted()
          since = pacer.now()
        }
      }
    }
    return ms + pacer.now() - since
  }

  /**
   * Computes the results of the output rows of the pass that has just run, in `passMs`, and calls `take` with them. Resolves
   * with the milliseconds of both.
   */
  async #takeOutputs(
    { outputs, want = 'logits', signal }: Batch,
    take: TakeOutput,
    passMs: number,
  ): Promise<number> {
    let ms = passMs
    for (let first = 0; first < outputs.length; first += LOGIT_ROWS) {
      const rows = outputs.slice(first, first + LOGIT_ROWS)
      const x = this.#gather(rows)
      const at = want === 'hidden' ? this.#hidden(x, rows.length) : this.#scratch.logits
      if (want === 'logits') ms += await this.#logits(x, rows.length, signal)
      const width = want === 'hidden' ? this.embeddingLength : this.vocabSize
      checkNumbers(this.#engine, at, rows.length * width, want === 'hidden' ? 'hidden states' : 'logits')
      for (const [index, row] of rows.entries()) {
        const values = this.#engine.arena.floats((at + index * width * 4) as Pointer, width)
        const taking = take(row, values, ms)
        if (!taking) continue
        await taking
        this.#assertOpen()
        signal?.throwIfAborted()
      }
    }
    return ms
  }

  /** The residual stream of `rows`, contiguous, f32[rows][embeddingLength]. */
  #gather(rows: readonly number[]): Pointer {
    const { arena } = this.#engine
    const { embeddingLength } = this
    const from = this.#scratch.buffers[this.#schedule.head.x.index]
    const address = (row: number) => (from + row * embeddingLength * 4) as Pointer
    const [first] = rows
    if (rows.at(-1)! - first === rows.length - 1) return address(first)
    const gathered = arena.floats(this.#scratch.gathered, rows.length * embeddingLength)
    for (const [index, row] of rows.entries()) {
      gathered.set(arena.floats(address(row), embeddingLength), index * embeddingLength)
    }
    return this.#scratch.gathered
  }

  async #logits(x: Pointer, rows: number, signal: AbortSignal | undefined): Promise<number> {
    const { kernels, pool } = this.#engine
    const { scale, softcap } = this.#program.logits!
    const count = rows * this.vocabSize
    const step = new ProjectStep(this.#engine, this.#compiled.output, x, this.#scratch.workspace)
    const ms = await this.#runSteps([step], outputPass(rows), signal)
    if (scale !== undefined) pool.run(() => kernels.scale(this.#scratch.logits, count, scale))
    if (softcap !== undefined) pool.run(() => kernels.softcap(this.#scratch.logits, count, softcap))
    return ms
  }

  #hidden(x: Pointer, rows: number): Pointer {
    const { norm } = this.#compiled
    if (!norm) return x
    const { normed } = this.#scratch
    const { kernels, pool } = this.#engine
    pool.run(() => kernels.norm_rows(norm, x, normed, rows, this.embeddingLength, 1))
    return normed
  }

  readonly #host = {
    arena: {
      allocate: (bytes: number, purpose: string) => this.#engine.arena.allocate(bytes, purpose),
      free: (pointer: Pointer) => this.#engine.arena.free(pointer),
      bytes: (pointer: Pointer, length: number) => this.#engine.arena.bytes(pointer, length),
    },
    canMove: () => this.canShift,
    move: (memory: KvMemory, move: { from: number; to: number; count: number }): Promise<void> =>
      this.#queue.run(async () => {
        this.#assertOpen()
        const steps = moveSteps(memory, move, {
          program: this.#program,
          schedule: this.#schedule,
          engine: this.#engine,
          scratch: this.#scratch,
          ropes: this.#ropes,
        })
        // Only on this thread: a partial move would be useless, so a lost thread must not interrupt it.
        for (const step of steps) {
          step()
          if (pacer.isDue()) await pacer.pause()
        }
      }),
    adopt: (memory: KvMemory) => this.#adopt(memory),
    forget: (memory: KvMemory) => void this.#owned.delete(memory),
  }

  #adopt(memory: KvMemory): KvMemory {
    this.#owned.add(memory)
    return memory
  }

  #layout(type: KvType): KvLayout {
    let layout = this.#layouts.get(type)
    if (!layout) {
      layout = kvLayout(this.memories, type)
      this.#layouts.set(type, layout)
    }
    return layout
  }

  #assertOpen(): void {
    if (this.#ended) throw new DasllamaError('DISPOSED', 'the model has been disposed')
  }
}

/** Initial capacity of the page tables, in pages: 131,072 positions. */
const FIRST_PAGE_TABLES = 1024

function newPageTables({ arena }: Engine, capacity: number): { pointer: Pointer; capacity: number } {
  return { pointer: arena.allocate(capacity * 4, 'the tables of pages'), capacity }
}

/** Bytes that a program takes in addition to weights and sequences. */
function workBytes(program: Program, plan: Schedule, engine: Engine): number {
  return scratchBytes(program, plan, engine) + compiledBytes(plan, engine) + FIRST_PAGE_TABLES * 4
}
