/** What a grammar may cost at most: grammars and schemas come from strangers as model files do. */

/** Characters of a grammar's text, or of a schema as JSON. */
export const MAX_SOURCE_LENGTH = 1_000_000

/** Rules of a grammar; a schema makes about two for each of its properties. */
export const MAX_RULES = 20_000

/** Groups within groups, and references and combinations of schemas that lead to each other. */
export const MAX_DEPTH = 100

/** Objects and arrays within each other in a schema as JSON. */
export const MAX_JSON_DEPTH = 1000

/** Times that a repetition may be demanded: `{n}`, minLength and the like. What may be more often ends there. */
export const MAX_REPETITIONS = 1_000_000

/** Copies of a state that a repetition makes; above that it counts in blocks. */
export const MAX_COPIES = 10_000

/** States of a deterministic automaton of strings, numbers or names, and of the one that it is made from. */
export const MAX_DFA_STATES = 10_000
export const MAX_NFA_STATES = 50_000

/** States of one that counts its characters: where lengths stand beside a pattern that does not have them in itself. */
export const MAX_COUNTING_STATES = 4000

/** Steps that all automata of one schema may take to make: a second or two. */
export const MAX_AUTOMATON_STEPS = 5_000_000

/** States of the automaton that a whole grammar becomes. */
export const MAX_STATES = 200_000

/** Ways to read one text that are followed at the same time. */
export const MAX_READINGS = 4096

/** Sets of readings, and readings in all of them with their stacks, after which a grammar's memory of them begins anew. */
export const MAX_KNOWN_STATES = 60_000
export const MAX_KNOWN_READINGS = 1_000_000

/** Readings and stacks that it never exceeds, whatever a single mask or a single text needs. */
export const MAX_STORED_READINGS = 2_000_000

/** Bytes of masks that a grammar keeps of each of its two kinds. */
export const MASK_CACHE_BYTES = 16 * 2 ** 20

/** Grammars that are kept for each tokenizer. */
export const MAX_CACHED_GRAMMARS = 32
