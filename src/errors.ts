/** What went wrong, for programs to branch on. */
export type ErrorCode =
  /** An option or argument has the wrong type, is NaN or is out of its range; a grammar or schema that is none. */
  | 'INVALID_ARGUMENT'
  /** The file, URL or name does not exist. */
  | 'NOT_FOUND'
  /** Bytes could not be read: a directory, no permission, a connection that broke. */
  | 'IO'
  /** The bytes end before the data that they announce. */
  | 'TRUNCATED'
  /** The bytes are not what they claim to be: bad magic, impossible counts, overlapping tensors, a damaged state. */
  | 'BAD_FORMAT'
  /** A well-formed file, grammar or schema that is larger than a named limit allows. */
  | 'LIMIT'
  /** A metadata key or tensor that the model needs is not in the file. */
  | 'MISSING'
  /** A valid file, grammar or schema that needs something this version does not do. */
  | 'UNSUPPORTED'
  /** More memory is needed than WebAssembly, the runtime or the caller grants. */
  | 'OUT_OF_MEMORY'
  /** A saved state belongs to another model, or to a session of another kind. */
  | 'MISMATCH'
  /** A prompt, or a prompt and what follows, does not fit the context. */
  | 'CONTEXT_FULL'
  /** A session or chat is used while another call on it is running. */
  | 'BUSY'
  /** A model, session or chat is used after its dispose(), or was disposed during the call. */
  | 'DISPOSED'
  /** A thread of the engine has died; the model goes on with those that are left. */
  | 'THREAD_LOST'
  /** The Worker that the model's engine ran in has ended: the model can only be disposed and loaded again. */
  | 'ENGINE_LOST'
  /** Logits or hidden states are NaN or infinite: the model's weights are damaged, or a value in it has overflowed. */
  | 'NOT_A_NUMBER'
  /** The sampling parameters rule out every token, or every one that a response format allows. */
  | 'NO_CANDIDATES'
  /** A model file without a chat template, of a family that is not known either. */
  | 'NO_TEMPLATE'
  /** The chat template is no valid one, or fails on what it is given. */
  | 'TEMPLATE_FAILED'
  /** The chat template itself refuses the conversation, with words of its own. */
  | 'TEMPLATE_REFUSED'

/**
 * The one error class of this package. `message` names the file, tensor, key or option and the limit;
 * `hint` says what to do about it.
 */
export class DasllamaError extends Error {
  override readonly name = 'DasllamaError'
  readonly code: ErrorCode
  /** Not a property where there is none, so that it is not printed. */
  declare readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    if (options.hint !== undefined) this.hint = options.hint
  }
}
