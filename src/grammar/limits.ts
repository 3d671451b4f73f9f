/** Limits on the cost of a grammar: grammars and schemas are untrusted, like model files. */

/** Characters of a grammar's text, or of a schema as JSON. */
export const MAX_SOURCE_LENGTH = 1_000_000

/** Rules of a grammar; a schema needs about two per property. */
export const MAX_RULES = 20_000

/** Nesting depth of groups, and of references and combinations of schemas. */
export const MAX_DEPTH = 100

/** Nesting depth of a schema's JSON. */
export const MAX_JSON_DEPTH = 1000

/** Largest required repetition: `{n}`, minLength and the like. Larger maximums are lowered to it. */
export const MAX_REPETITIONS = 1_000_000

/** Copies of a state per repetition; above that, it is counted in blocks. */
export const MAX_COPIES = 10_000

/** States of a DFA for strings, numbers or names, and of its NFA. */
export const MAX_DFA_STATES = 10_000
export const MAX_NFA_STATES = 50_000

/** States of one that counts its characters: where lengths stand beside a pattern that does not have them in itself. */
export const MAX_COUNTING_STATES = 4000

/** Steps to construct all automata of one schema: a second or two. */
export const MAX_AUTOMATON_STEPS = 5_000_000

/** States of a complete grammar's automaton. */
export const MAX_STATES = 200_000

/** Parses of one text that are followed simultaneously. */
export const MAX_READINGS = 4096

/** Sets of readings, and readings and stacks in all of them, after which a grammar's cache is reset. */
export const MAX_KNOWN_STATES = 60_000
export const MAX_KNOWN_READINGS = 1_000_000

/** Hard limit on cached readings and stacks, whatever a single mask or text needs. */
export const MAX_STORED_READINGS = 2_000_000

/** Bytes of cached masks per grammar, for each of the two kinds. */
export const MASK_CACHE_BYTES = 16 * 2 ** 20

/** Cached grammars per tokenizer. */
export const MAX_CACHED_GRAMMARS = 32
