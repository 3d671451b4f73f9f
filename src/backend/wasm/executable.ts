import { DasllamaError } from '../../errors.js'
import type { ModelFile, StoredTensor } from '../../gguf/model-file.js'
import { closeQuietly, warnNotClosed } from '../../gguf/open-model.js'
import { pacer } from '../../platform/pacer.js'
import type { WarningListener } from '../../warnings.js'
import { type Batch, checkBatch, type TakeOutput } from '../batch.js'
import type { Executable } from '../executable.js'
import { FairQueue } from '../fair-queue.js'
import type { KvType, MemorySpec, SequenceMemory } from '../memory.js'
import { type DraftHead, isEncoder, type Program } from '../program.js'
import { fillRopeTable, type RopeFrequencies, ropeFrequencies } from '../rope.js'
import { checkPooled, checkText, type Text, wrongKind } from '../text.js'
import { Encoder } from './encoder/encoder.js'
import { PooledHeadRunner, pooledHeadBytes } from './encoder/pooled-head.js'
import type { Engine } from './engine.js'
import { KERNEL_BUILDS, type KernelBuild } from './kernel-builds.js'
import type { Pointer } from './kernels.js'
import { checkKvType, sequenceBytes } from './kv-layout.js'
import type { KvMemory } from './kv-memory.js'
import { moveSteps } from './move.js'
import { Outputs } from './outputs.js'
import { type Boundary, schedule } from './schedule.js'
import type { Schedule } from './scheduled.js'
import { allocateScratch, type Scratch, scratchBytes } from './scratch.js'
import { SequenceMemories } from './sequence-memories.js'
import { StepRunner } from './step-runner.js'
import { type CompiledProgram, compiledBytes, compileSteps } from './steps/compile.js'
import type { Pass, Segment } from './steps/step.js'
import { StreamChooser } from './stream-chooser.js'
import { FileTables } from './tables/file-tables.js'
import { needsMoreMemory, type PlacingOptions, placeWeights, tablesInFile } from './tables/place-weights.js'
import type { WasmMemory } from './wasm-memory.js'
import type { Weights } from './weights.js'

export interface LoadOptions extends Pick<PlacingOptions, 'lookupTables'> {
  /** Bytes that sequences will need in addition to weights and scratch; included in the check before loading. Default 0. */
  readonly reserve?: number
  readonly signal?: AbortSignal | undefined
  readonly onWarning?: WarningListener | undefined
  /** Called with each piece of a tensor in the file's format, from byte `start` of the tensor on; `bytes` are valid until it returns. */
  readonly onBytes?: (tensor: StoredTensor, start: number, bytes: Uint8Array) => void
  /** Tensor bytes read so far, and in total. */
  readonly onProgress?: ((progress: { loaded: number; total: number }) => void) | undefined
}

interface LoadedWeights {
  readonly weights: Weights
  readonly tables: FileTables | undefined
  readonly fileName: string
  readonly onWarning: WarningListener | undefined
  /** Of another executable in the same memory. Default: one of its own. */
  readonly queue?: FairQueue
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
  readonly stateLength: number
  readonly draftHead: WasmExecutable | undefined
  readonly #program: Program
  readonly #engine: Engine
  readonly #schedule: Schedule
  readonly #scratch: Scratch
  readonly #compiled: CompiledProgram
  readonly #frequencies: readonly RopeFrequencies[]
  readonly #sequences: SequenceMemories
  readonly #queue: FairQueue
  readonly #runner: StepRunner
  readonly #streams: StreamChooser
  readonly #outputs: Outputs
  /** `undefined`: attention is causal. */
  readonly #encoder: Encoder | undefined
  readonly #pooledHead: PooledHeadRunner | undefined
  /** Lookup tables that stay in the file. */
  readonly #tables: FileTables | undefined
  readonly #fileName: string
  readonly #onWarning: WarningListener | undefined
  /** Page tables of the running batch, u32[capacity]. */
  #pageTables: { readonly pointer: Pointer; readonly capacity: number }
  #ended: Promise<void> | undefined

  /** A program whose weights are in the engine's memory. `boundary`: if it is a part of one. Throws `OUT_OF_MEMORY`. */
  constructor(program: Program, engine: Engine, loaded: LoadedWeights, boundary?: Boundary) {
    const plan = schedule(program, boundary)
    const { weights, tables, fileName, onWarning, queue = new FairQueue() } = loaded
    this.#queue = queue
    this.#fileName = fileName
    this.#onWarning = onWarning
    this.#tables = tables
    this.vocabSize = program.vocabSize
    this.embeddingLength = program.embeddingLength
    this.memories = program.memories
    this.stateLength = isDraftHead(program) ? program.embeddingLength : 0
    this.#program = program
    this.#schedule = plan
    this.#engine = engine
    this.#sequences = new SequenceMemories(engine.arena, program.memories, {
      canMove: plan.keyRopes.canShift,
      move: (memory, move) => this.#move(memory, move),
    })
    this.#scratch = allocateScratch(program, plan, engine)
    this.#pageTables = newPageTables(engine, FIRST_PAGE_TABLES)
    this.#compiled = compileSteps(engine, { program, schedule: plan, weights, scratch: this.#scratch })
    this.#frequencies = program.ropes.map((spec) => {
      const factors =
        spec.factors === undefined ? undefined : weights.ropeFactors(spec.factors, spec.dims / 2)
      return ropeFrequencies(spec, factors)
    })
    const assertOpen = () => this.#assertOpen()
    this.#runner = new StepRunner(engine, assertOpen)
    this.#streams = new StreamChooser((streams) => engine.kernels.set_x8_streams(streams))
    const [scratch, compiled, runner] = [this.#scratch, this.#compiled, this.#runner]
    const parts = { engine, program, schedule: plan, scratch, runner }
    this.#outputs = new Outputs({ ...parts, compiled, assertOpen })
    const { steps } = compiled
    const own = { weights, tables, frequencies: this.#frequencies, steps, outputs: this.#outputs }
    this.#encoder = isEncoder(program) ? new Encoder({ ...parts, ...own }) : undefined
    this.#pooledHead =
      program.afterPooling && new PooledHeadRunner({ engine, weights, runner }, program, program.afterPooling)
    const { draftHead } = program
    this.draftHead =
      draftHead && new WasmExecutable(draftHead, engine, { ...loaded, queue }, boundaryOf(draftHead))
  }

  /**
   * Reads a program's tensors, whose shapes have been checked, into an engine's memory. Throws `UNSUPPORTED` for a format
   * that the kernels do not run, `OUT_OF_MEMORY` before reading a weight if the limit is too small, and errors of reading
   * the file. If lookup tables stay in the file (`readsFile`), `dispose` closes it.
   */
  static async load(
    file: ModelFile,
    program: Program,
    engine: Engine,
    options: LoadOptions = {},
  ): Promise<WasmExecutable> {
    const { reserve = 0, lookupTables, onWarning } = options
    const { available } = engine.arena
    const rest = workBytes(program, engine) + reserve
    const fits = (bytes: number) => bytes + rest <= available
    const weights = placeWeights(file, program, engine, { lookupTables, fits })
    if (!fits(weights.bytes)) {
      throw needsMoreMemory(file, program, weights, { need: weights.bytes + rest, available })
    }
    const { inFile } = weights
    if (inFile.length > 0 && lookupTables === 'auto') onWarning?.(tablesInFile(file, inFile))
    const base = engine.arena.allocate(weights.bytes, 'the weights')
    await weights.load(base, ...loading(options, weights.fileBytes))
    return new WasmExecutable(program, engine, loadedWeights(file, weights, engine, onWarning))
  }

  /**
   * Bytes that a file's program takes without sequences, weights and scratch, and the lookup tables that stay in the file if
   * `available` bytes are allowed. Throws `UNSUPPORTED`.
   */
  static memoryFor(
    file: ModelFile,
    program: Program,
    engine: Engine,
    { available, ...options }: Pick<PlacingOptions, 'lookupTables'> & { readonly available: number },
  ): { readonly bytes: number; readonly inFile: readonly StoredTensor[] } {
    const rest = workBytes(program, engine)
    const fits = (bytes: number) => bytes + rest <= available
    const weights = placeWeights(file, program, engine, { ...options, fits })
    return { bytes: weights.bytes + rest, inFile: weights.inFile }
  }

  /** Whether lookup tables are in the file, which stays open until `dispose`. */
  get readsFile(): boolean {
    return this.#tables !== undefined
  }

  get bytesInUse(): number {
    return this.#ended ? 0 : this.#engine.arena.bytesInUse
  }

  get memoryLimit(): number {
    return this.#engine.arena.limit
  }

  sequenceBytes(positions: number, type: KvType): number {
    const own = sequenceBytes(this.memories, positions, type)
    return own + (this.draftHead?.sequenceBytes(positions, type) ?? 0)
  }

  get threads(): number {
    return this.#ended ? 0 : this.#engine.pool.size
  }

  get kernels(): KernelBuild {
    return KERNEL_BUILDS[this.#engine.kernels.build()]
  }

  get isEncoder(): boolean {
    return this.#encoder !== undefined
  }

  get pooledWidth(): number | undefined {
    return this.#program.afterPooling?.output.width
  }

  get canShift(): boolean {
    return this.#sequences.canShift
  }

  createMemory(type: KvType, { retain = 0 }: { retain?: number } = {}): SequenceMemory {
    this.#assertOpen()
    checkKvType(type, this.memories)
    return this.#sequences.create(type, retain)
  }

  run(batch: Batch, take: TakeOutput): Promise<number> {
    return this.#queue.run(async () => {
      this.#assertOpen()
      if (this.#encoder) throw wrongKind(true)
      const check = () => checkBatch(batch, this, (memory) => this.#sequences.has(memory))
      check()
      if (this.#tables) {
        await this.readRows(batch)
        check()
      }
      try {
        const pass = this.begin(batch)
        const passMs = await this.runSteps(pass, batch.signal)
        const ms = await this.takeOutputs(batch, take, passMs)
        this.commit(batch)
        return ms
      } catch (error) {
        this.rollBack(batch)
        throw error
      }
    }, batch.signal)
  }

  runText(text: Text, take: TakeOutput): Promise<number> {
    return this.#queue.run(async () => {
      this.#assertOpen()
      if (!this.#encoder) throw wrongKind(false)
      checkText(text, this.vocabSize)
      return this.#encoder.run(text, take)
    }, text.signal)
  }

  runPooledHead(vectors: Float32Array, signal?: AbortSignal): Promise<Float32Array> {
    return this.#queue.run(async () => {
      this.#assertOpen()
      checkPooled(vectors, this)
      return this.#pooledHead!.run(vectors, signal)
    }, signal)
  }

  dispose(): Promise<void> {
    this.#ended ??= this.#end()
    return this.#ended
  }

  async #end(): Promise<void> {
    void this.draftHead?.dispose()
    // Its threads and tables are the model's.
    if (isDraftHead(this.#program)) return
    const [failure] = await Promise.all([this.#tables?.close(disposed()), this.#engine.pool.shutDown()])
    warnNotClosed(this.#fileName, failure, this.#onWarning)
  }

  /** Reads what a batch needs from lookup tables that stay in the file. */
  async readRows({ ids, signal }: Batch): Promise<void> {
    await this.#tables?.prepare(ids, signal)
    this.#assertOpen()
  }

  /**
   * Begins a batch that has been checked: allocates pages in its memories, and writes the steps' inputs into the kernels'
   * memory. `run` is `readRows`, this and the following methods, which an executable over several memories calls for each of
   * its parts. If one of them throws, `rollBack` must follow.
   */
  begin({ ids, positions, runs, states: given }: Batch): Pass {
    const memories = runs.map(({ memory }) => memory as WasmMemory)
    for (const memory of memories) this.#sequences.use(memory)
    const states = memories.map((memory, index) => memory.prepare(runs[index].rows, runs[index].phase))
    const pageTables = this.#writePageTables(memories.map(({ kv }) => kv))
    for (const [rope, frequencies] of this.#frequencies.entries()) {
      const { dims } = this.#program.ropes[rope]
      const table = this.#engine.arena.floats(this.#scratch.ropes[rope], ids.length * dims)
      fillRopeTable(table, frequencies, positions)
    }
    if (given) this.boundaryValues('inputs', ids.length)[0].set(given)
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
        const { kv: memory } = memories[index]
        const own = { pageTables: pageTables[index], states: states[index] }
        return { memory, firstRow, rows, phase, position: memory.length, ...own }
      }),
    }
  }

  /** Runs a pass's steps; resolves with the milliseconds spent computing. */
  async runSteps(pass: Pass, signal: AbortSignal | undefined): Promise<number> {
    const ms = await this.#runner.run(this.#compiled.steps, pass, signal)
    if (pass.rows === 1 && this.memories.length > 0) this.#streams.record(ms)
    return ms
  }

  /** Computes the outputs of the pass whose steps have just run, in `passMs`; resolves with the milliseconds of both. */
  takeOutputs(batch: Batch, take: TakeOutput, passMs: number): Promise<number> {
    return this.#outputs.take(batch, take, passMs)
  }

  /** Ends a batch: its rows belong to their memories. */
  commit({ runs, outputs }: Batch): void {
    for (const { memory, firstRow, rows, phase } of runs) {
      const isPromptEnd = outputs.includes(firstRow + rows - 1)
      ;(memory as WasmMemory).commit({ rows, phase, isPromptEnd })
    }
  }

  /** Ends a batch that has failed: frees what was allocated for it. */
  rollBack({ runs }: Batch): void {
    for (const { memory } of runs) (memory as WasmMemory).rollback()
  }

  /** Views of the inputs, or of the outputs, of a part's first `rows` rows, f32[rows][width] each; valid until it allocates. */
  boundaryValues(side: 'inputs' | 'outputs', rows: number): Float32Array[] {
    return this.#schedule[side].map(({ index, width }) =>
      this.#engine.arena.floats(this.#scratch.buffers[index], rows * width),
    )
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

  #move(memory: KvMemory, move: { from: number; to: number; count: number }): Promise<void> {
    return this.#queue.run(async () => {
      this.#assertOpen()
      const steps = moveSteps(memory, move, {
        program: this.#program,
        schedule: this.#schedule,
        engine: this.#engine,
        scratch: this.#scratch,
        frequencies: this.#frequencies,
      })
      // Only on this thread: a partial move would be useless, so a lost thread must not interrupt it.
      for (const step of steps) {
        step()
        if (pacer.isDue()) await pacer.pause()
      }
    })
  }

  #assertOpen(): void {
    if (this.#ended) throw disposed()
  }
}

function disposed(): DasllamaError {
  return new DasllamaError('DISPOSED', 'the model has been disposed')
}

/** Weights that have been loaded, with the tables of them that stay in the file. */
export function loadedWeights(
  file: ModelFile,
  weights: Weights,
  { arena }: Engine,
  onWarning: WarningListener | undefined,
): LoadedWeights {
  const closeFile = () => closeQuietly(() => file.close())
  const tables = weights.tables.length > 0 ? new FileTables(weights.tables, arena, closeFile) : undefined
  return { weights, tables, fileName: file.name, onWarning }
}

/** The listener and the signal of `Weights.loadAll` for a program of `total` bytes in the file. */
export function loading(
  { onBytes, onProgress, signal }: LoadOptions,
  total: number,
): [onBytes: NonNullable<LoadOptions['onBytes']>, signal: AbortSignal | undefined] {
  let loaded = 0
  const take: NonNullable<LoadOptions['onBytes']> = (tensor, start, bytes) => {
    onBytes?.(tensor, start, bytes)
    loaded += bytes.length
    onProgress?.({ loaded, total })
  }
  return [take, signal]
}

/** Initial capacity of the page tables, in pages: 131,072 positions. */
const FIRST_PAGE_TABLES = 1024

function newPageTables({ arena }: Engine, capacity: number): { pointer: Pointer; capacity: number } {
  return { pointer: arena.allocate(capacity * 4, 'the tables of pages'), capacity }
}

/** Bytes that a program and its draft head take in addition to weights and sequences. `boundary`: if it is a part of one. */
export function workBytes(program: Program, engine: Engine, boundary?: Boundary): number {
  const plan = schedule(program, boundary)
  const own = scratchBytes(program, plan, engine) + compiledBytes(plan, engine)
  const { draftHead } = program
  const head = draftHead ? workBytes(draftHead, engine, boundaryOf(draftHead)) : 0
  return own + pooledHeadBytes(program, engine) + FIRST_PAGE_TABLES * 4 + head
}

/** The hidden states that a draft head is given. */
function boundaryOf({ state }: DraftHead): Boundary {
  return { inputs: [state] }
}

function isDraftHead(program: Program | DraftHead): program is DraftHead {
  return 'state' in program
}
