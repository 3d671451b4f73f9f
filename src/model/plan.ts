import { allTensors, type DraftHead, type Program, type TensorSpec } from '../backend/program.js'
import { describeFailure, describeValue, displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import type { ModelDirectory, TensorInfo } from '../gguf/model-file.js'
import { isA } from '../read-list.js'
import { Builder, type TensorNames } from './builder/builder.js'
import { type Config, checkedConfig } from './config.js'
import { type Family, familyError } from './family.js'
import { HyperparameterReader } from './hyperparameter-reader.js'
import { familyOf } from './registry.js'

/** A model file's family and configuration. */
export interface ModelHeader {
  readonly family: Family
  readonly config: Config
  /** Every hyperparameter that was read, by key without the architecture. */
  readonly hyperparameters: ReadonlyMap<string, unknown>
}

/** What to load and run, checked before any weight is read. */
export interface ModelPlan extends ModelHeader {
  readonly program: Program
}

/** Reads and checks a file's metadata. Throws `MISSING`, `BAD_FORMAT` or `UNSUPPORTED`, naming the key. */
export function readHeader(file: ModelDirectory): ModelHeader {
  const reader = new HyperparameterReader(file)
  const family = familyOf(reader.architecture, file.name)
  const config = callFamily(reader.architecture, 'hyperparameters()', () =>
    checkedConfig(notAsync(family.hyperparameters(reader)), reader.architecture),
  )
  return { family, config, hyperparameters: reader.record }
}

/**
 * Records the program of a file with this header, and its draft head if it is wanted, and checks that every tensor exists with the
 * expected shape. Throws what `readHeader` and the family's builder throw, and `MISSING`, `BAD_FORMAT` or `UNSUPPORTED`, naming
 * the tensor.
 */
export function planModel(
  file: ModelDirectory,
  header: ModelHeader = readHeader(file),
  { draftHead: wantsDraftHead = false }: { draftHead?: boolean } = {},
): ModelPlan {
  const program = record(header, file.tensors)
  const draftHead = wantsDraftHead ? recordDraftHead(header, file) : undefined
  const whole: Program = { ...program, draftHead }
  checkTensors(file, header.config, whole)
  return { ...header, program: whole }
}

/** Records the program of a model with these tensors. */
export function record(
  { family, config }: Pick<ModelHeader, 'family' | 'config'>,
  names: TensorNames,
): Program {
  return callFamily(config.architecture, 'build()', () =>
    Builder.record(config, names, (b) => void notAsync(family.build(b, config))),
  )
}

/** Records the draft head of a file. Throws `UNSUPPORTED` for one without. */
export function recordDraftHead(
  { family, config }: Pick<ModelHeader, 'family' | 'config'>,
  { name, tensors }: { readonly name: string; readonly tensors: TensorNames },
): DraftHead {
  const { architecture, draftLayers = 0 } = config
  const unsupported = (why: string) =>
    new DasllamaError('UNSUPPORTED', `${displayName(name)}: draftHead: ${why}`, {
      hint: 'load it without its draft head, and speculate by lookup or with a draft model',
    })
  if (!family.draftHead) {
    throw unsupported(`this version uses none of architecture ${describeValue(architecture)}`)
  }
  if (draftLayers === 0) throw unsupported('the file has none (no next-token-prediction layer)')
  if (draftLayers > 1) {
    throw unsupported(`the file has ${draftLayers} next-token-prediction layers; one can be used`)
  }
  return callFamily(architecture, 'draftHead()', () =>
    Builder.recordDraftHead(
      config,
      tensors,
      (b, state) => void notAsync(family.draftHead?.(b, state, config)),
    ),
  )
}

/** Calls a family's function. Whatever it throws is reported as the family's error. */
function callFamily<T>(architecture: string, what: string, call: () => T): T {
  try {
    return call()
  } catch (cause) {
    if (isA(DasllamaError, cause)) throw cause
    throw familyError(architecture, `: ${what} failed: ${describeFailure(cause)}`, cause)
  }
}

/** Rejects a promise: nothing would wait for it. */
function notAsync<T>(returned: T): T {
  if (!isA(Promise, returned)) return returned
  returned.catch(() => {})
  throw new TypeError('it is async; what it records later would be lost')
}

function checkTensors(file: ModelDirectory, config: Config, program: Program): void {
  const { unusedTensors, logits } = program
  const tensors = allTensors(program)
  for (const spec of tensors.values()) {
    const tensor = file.tensors.get(spec.name)
    if (!tensor) throw missing(file, config, spec)
    const found = trimmedShape(tensor)
    if (found.join() === trimmedShape(spec).join()) continue
    throw new DasllamaError(
      'BAD_FORMAT',
      `${displayName(file.name)}: tensor ${describeValue(spec.name)} has shape [${found}]; by the metadata it must be [${spec.shape}]`,
    )
  }
  // A tensor that the program does not use is a part of the model that would be left out: results would be wrong.
  for (const name of file.tensors.keys()) {
    // The logits of an encoder are never computed.
    if (!logits && name === 'output.weight') continue
    if (tensors.has(name) || unusedTensors?.has(name)) continue
    if (IGNORED.test(name) || isInDraftLayer(name, config)) continue
    throw new DasllamaError(
      'UNSUPPORTED',
      `${displayName(file.name)}: unexpected tensor ${describeValue(name)} in a model of architecture ${describeValue(config.architecture)}`,
      { hint: 'the model is a variant of its architecture that this version does not support' },
    )
  }
}

function missing(file: ModelDirectory, config: Config, { name }: TensorSpec): DasllamaError {
  return new DasllamaError('MISSING', `${displayName(file.name)}: tensor ${describeValue(name)} is missing`, {
    hint: `a ${config.architecture} model with ${config.layers} layers needs it; the file may be incomplete, or only a vocabulary`,
  })
}

/**
 * Rotary tables that old converters wrote, which are computed here; ranges of activations, for hardware that quantises them;
 * and the ranking head of a model that is not used as a reranker.
 */
const IGNORED = /^blk\.\d+\.attn_rot_embd(\.weight)?$|\.input_scale$|^cls(\.output|\.norm)?\.(weight|bias)$/

/** Whether a tensor belongs to a draft head's layer. */
function isInDraftLayer(name: string, { layers, draftLayers = 0 }: Config): boolean {
  const layer = Number(/^blk\.(\d+)\./.exec(name)?.[1])
  return layer >= layers && layer < layers + draftLayers
}

/** A shape without trailing ones: ggml treats [n] and [n, 1] as the same. */
function trimmedShape({ shape }: Pick<TensorInfo, 'shape'>): readonly number[] {
  let length = shape.length
  while (length > 1 && shape[length - 1] === 1) length--
  return shape.slice(0, length)
}
