/** What went wrong, for programs to branch on. */
export type ErrorCode =
  /** An option or argument has the wrong type, is NaN or out of range; a grammar or schema is malformed. */
  | 'INVALID_ARGUMENT'
  /** The file, URL or name does not exist. */
  | 'NOT_FOUND'
  /** Bytes could not be read: a directory, no permission, a connection that broke. */
  | 'IO'
  /** A disk or a browser's storage has not enough space for a download. */
  | 'NO_SPACE'
  /** The data end earlier than their header says. */
  | 'TRUNCATED'
  /** The bytes are not what they claim to be: bad magic, impossible counts, overlapping tensors, a damaged saved state. */
  | 'BAD_FORMAT'
  /** A well-formed file, grammar or schema exceeds a named limit. */
  | 'LIMIT'
  /** A metadata key or tensor that the model needs is not in the file. */
  | 'MISSING'
  /** A valid file, grammar or schema needs something that this version does not support. */
  | 'UNSUPPORTED'
  /** More memory is needed than WebAssembly, the runtime or the caller grants. */
  | 'OUT_OF_MEMORY'
  /** A saved state belongs to another model, or to a session of another kind; a draft model has another vocabulary. */
  | 'MISMATCH'
  /** A prompt, or a prompt and what follows, does not fit the context. */
  | 'CONTEXT_FULL'
  /** A session or chat is used while another call on it is running. */
  | 'BUSY'
  /** A model, session or chat is used after its dispose(), or was disposed during the call. */
  | 'DISPOSED'
  /** A worker thread of the engine has died; the model continues with the remaining ones. */
  | 'THREAD_LOST'
  /** The Worker of the model's engine has ended: dispose the model and load it again. */
  | 'ENGINE_LOST'
  /** Logits or hidden states are NaN or infinite: the model's weights are damaged, or a computation overflowed. */
  | 'NOT_A_NUMBER'
  /** The sampling parameters exclude every token, or every token that the response format allows. */
  | 'NO_CANDIDATES'
  /** The model file has no chat template, and no built-in template fits its family. */
  | 'NO_TEMPLATE'
  /** The chat template is not a valid template, or fails on its input. */
  | 'TEMPLATE_FAILED'
  /** The chat template rejects the conversation with its own message (`raise_exception`). */
  | 'TEMPLATE_REFUSED'

/**
 * The one error class of this package. `message` names the file, tensor, key or option and the limit;
 * `hint` says what to do about it.
 */
export class DasllamaError extends Error {
  /** For places where `instanceof` does not work, such as with two copies of the package. */
  override readonly name = 'DasllamaError'
  /** For programs to branch on. */
  readonly code: ErrorCode
  /** Absent rather than `undefined` if there is no hint, so that it is not printed. */
  declare readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    if (options.hint !== undefined) this.hint = options.hint
  }
}
