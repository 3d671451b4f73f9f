/**
 * Words and phrases that this project has replaced, for `check-words.mjs`.
 *
 * - `find`: the pattern; keep it narrow enough that it never matches a sentence that is fine.
 * - `write`: what to write instead.
 * - `scope`: `prose` (the default) searches comments, test titles, error messages and Markdown text; `all` also searches the
 *   rest of the code, for identifiers. Prompts, templates and other data are strings, so ordinary words need `prose`.
 * - `files`: only paths that match.
 * - `found`: a text in which the pattern is found; `fine`: texts in which it is not. A test checks both.
 *
 * Add an entry when a word is replaced everywhere.
 */

/** Units that figures are given per: "per token" instead of "a token". */
const UNIT =
  '(?:batch|block|call|cell|chunk|column|contestant|cycle|dialect|element|family|file|format|function|goal|group|head|layer|line|matrix|message|model|module|operation|page|pass|position|prompt|record|repetition|request|row|runtime|second|sequence|session|step|tensor|test|text|thread|tile|token|turn|value|weight|word)'

const KERNELS = /^(?:assembly|src\/backend|src\/platform|test\/backend|test\/kernels|bench\/kernels)\//

export const WORDS = [
  // The map of the repository.
  { find: /\brooms\b/i, write: 'modules', found: 'the rooms of src/' },
  { find: /\bway of the data\b/i, write: 'data flow', found: '## The way of the data' },
  { find: /\bstands? on the ground\b/, write: 'has no dependencies', found: 'math stands on the ground' },
  { find: /\bstrangers?(?:'s?)?\b/i, write: 'untrusted', found: "a stranger's program" },
  {
    find: /\brefuseStrangers\b/,
    write: 'rejectUnexpectedTensors',
    scope: 'all',
    found: 'this.#refuseStrangers()',
  },
  {
    find: /\bbelongs to no \S+ model\b/,
    write: 'unexpected tensor',
    scope: 'all',
    found: 'belongs to no llama model',
  },

  // Threads.
  {
    find: /(?<!(?:Gemma|Qwen|DeepMind|GLM|Granite|Hunyuan|OLMo|Seed) )\bteams?\b/i,
    write: 'thread pool',
    found: 'a team of threads',
    fine: ['Source: Gemma Team 2025', 'steam'],
  },
  {
    find: /\bteam_(?:lead|serve|dismiss)\b|\b(?:serve|lone|start)Team\b|\bteamSize\b/,
    write: 'pool_start, pool_serve, pool_shut_down, threadCount',
    scope: 'all',
    found: 'team_lead(2)',
  },
  { find: /\bleaders?\b|\bLEADER\w*/i, write: 'main thread', files: KERNELS, found: 'the leader waits' },
  {
    find: /\bmembers?\b/i,
    write: 'worker',
    files:
      /^(?:assembly\/thread_pool|src\/backend\/wasm\/(?:thread|serve-pool))|^test\/backend\/wasm\/thread/,
    found: 'a member of the pool',
  },
  { find: /\bgather(?:s|ed|ing)?\b/i, write: 'start', files: KERNELS, found: 'gathers the workers' },
  { find: /\bdismiss(?:es|ed|ing)?\b/i, write: 'shut down', files: KERNELS, found: 'dismisses the workers' },
  { find: /\bsen[dt]s?\b[\w ]{0,20} home\b/, write: 'shut down', found: 'sends the workers home' },

  // Kernels and the engine.
  {
    find: /\bplays? (?:\w+ )?(?:kernels?|programs?|steps?|schedules?)\b|\b(?:is|are|was|were|been) played\b/,
    write: 'runs, executes',
    found: 'as it is played, step by step',
  },
  { find: /\bMemoryForms?\b/, write: 'Repacker', scope: 'all', found: 'class A implements MemoryForm' },
  {
    find: /\bwasm\/forms\b|\bforms? in memory\b|\bmemory forms?\b/,
    write: 'repack/, weight repacking',
    scope: 'all',
    found: 'src/backend/wasm/forms/',
  },
  {
    find: /\bInterleavedRows\b|\b[Ii]nterleavedQ4\w*|\binterleaved_\w+|\bInterleavedInt\w+|\binterleave(?:Shared|Part)\b/,
    write: 'X8Repacker, Q4_0x8, x8_format, repack',
    scope: 'all',
    found: 'interleaved_q4_0.ts',
  },
  {
    find: /\binterleaved by eights\b/,
    write: 'in groups of eight interleaved rows (x8)',
    found: 'rows interleaved by eights',
  },
  {
    find: /\b(?:raise|lower)(?:d|s|ing)? (?:F16|halves)\b|\bhalves (?:\w+ )?(?:raised|lowered)\b|\b(?:raise|lower)_halves\b|\bRaised(?:F16|Halves)\b|\bRAISED_F16\b|\braised_f16\b/,
    write: 'rebiased F16, rebias_f16, restore_f16',
    scope: 'all',
    found: 'F16 with raised halves',
  },
  {
    find: /\blone (?:token|one)s?\b|\btokens? alone\b(?! for)|\battendAlone\b|\battendSeveral\b/,
    write: 'single-token decode, attendDecode, attendPrefill',
    scope: 'all',
    found: 'for a lone token',
    fine: ["a token's bits alone and in a batch"],
  },
  {
    find: /\b(?:LARGEST|SUM)\b/,
    write: 'row max m, row sum l',
    scope: 'all',
    files: /^assembly\/attention\//,
    found: 'SUM',
  },
  {
    find: /\bmix(?:es|ed|ing)?\b|\bweigh(?:s|ed|ing)?\b/,
    write: 'accumulate PV',
    scope: 'all',
    files: /^assembly\/attention\//,
    found: 'weighs the values',
  },
  { find: /#remember\b/, write: '#storeKv', scope: 'all', found: 'this.#remember(id)' },
  {
    find: /\bturnTable\b|\bropePairs\b|\bpairs that turn\b|\bturn together\b|\brope_interleaved\b/,
    write: "fillRopeTable, rope type 'norm' or 'neox', rotary dimensions",
    scope: 'all',
    found: "ropePairs: 'interleaved'",
  },
  { find: /\b(?:silu|gelu)_?[gG]ate\b/, write: 'swiglu, geglu', scope: 'all', found: 'silu_gate' },
  {
    find: /\battention to later tokens\b|\brefuseBothWays\b|\bin both directions of\b/i,
    write: 'non-causal attention',
    scope: 'all',
    found: 'asks for attention to later tokens',
  },
  {
    find: /\btiled\b|\bthrough the tiles\b|\bwhich way it went\b/,
    write: 'batched (GEMM) path, decode (GEMV) path',
    scope: 'all',
    files: /^(?:assembly|src|test\/(?!attacks))\//,
    found: 'tokens that went through the tiles',
  },

  // Sessions, chats, sampling.
  {
    find: /\bnReused\b|\bknown before\b|\bmade room\b/,
    write: 'cached tokens, context shifted',
    scope: 'all',
    found: '4 known before',
  },
  { find: /\bno angle\b/, write: 'vectors of different lengths', scope: 'all', found: 'have no angle' },
  {
    find: /\bchecksum does not (?:fit|match)\b|\bheader is not one\b/,
    write: 'checksum mismatch, invalid header',
    scope: 'all',
    found: 'its checksum does not fit',
  },
  { find: /\bbreath(?:es?|ing|s)?\b/i, write: 'yields to the event loop', found: 'the page breathes' },
  {
    find: /\b(?:knows|marks|remembers) who (?:wrote|has written)\b|\bwriter of a character\b/i,
    write: 'provenance, trusted and untrusted text',
    scope: 'all',
    found: 'text knows who wrote it',
  },
  { find: /\bPromptMaker\b/, write: 'PromptBuilder', scope: 'all', found: 'new PromptMaker()' },
  { find: /\bmayPass\b/, write: 'isRecoverable', scope: 'all', found: 'mayPass(error)' },
  {
    find: /\b(?:Draft|Pin|Way)s?\b(?! \d)/,
    write: 'TemplateMessage, TokenSpan, RenderStrategy',
    scope: 'all',
    files: /^src\/chat\//,
    found: 'readonly Draft[]',
    fine: ['JSON Schema Draft 7'],
  },
  {
    find: /(?<![\w.'])similarity\(|\.similarity\(/,
    write: 'cosineSimilarity()',
    scope: 'all',
    found: 'similarity(a, b)',
    fine: ['cosineSimilarity(a, b)'],
  },
  { find: /\breusable\(/, write: 'cachedPrefixLength()', scope: 'all', found: 'session.reusable(ids)' },
  { find: /\bcrumbs?\b/, write: 'rounding residue', found: 'the crumb of a sum' },
  {
    find: /\bheat\(|\bheat\b/,
    write: 'scaleTemperature',
    scope: 'all',
    files: /^src\/sampling\//,
    found: 'heat(logits)',
  },

  // English.
  {
    find: /\bthat (?:is|are) none\b|\b(?:it|which) is none\b/,
    write: 'malformed, not a valid X',
    scope: 'all',
    found: 'a signal that is none',
  },
  {
    find: /(?<!\b[Tt]here )\b(?:is|are|was|were) no (?!longer\b|more\b|less\b|fewer\b|later\b|earlier\b|larger\b|smaller\b|different\b)(?:[a-z]+)\b/,
    write: 'is not a valid X, is not an X, has no X',
    found: 'the value is no number',
    fine: ['there is no file', 'it is no longer needed', 'there are no tools', 'is no more than ten'],
  },
  { find: /\banew\b/i, write: 'again', found: 'made anew' },
  { find: /\bas ever\b/i, write: 'as usual', found: 'works as ever' },
  { find: /\bby itself\b|\bby themselves\b/, write: 'alone, automatically', found: 'ends by itself' },
  {
    find: /\bas (?:it is|it was|they are|they were)(?=[.,;:)]|\s*(?:\*\/)?$)/,
    write: 'unchanged, directly',
    found: 'taken as they are.',
    fine: ['as it is read', 'as they are needed'],
  },
  {
    find: /\b(?:whereof|wherein|thereof|therein|thereby|heretofore)\b/i,
    write: 'of which, in which',
    found: 'whereof',
  },
  { find: /\bhence\b/i, write: 'therefore, so', found: 'hence the name' },
  { find: /\bso \w+ as to\b/, write: 'so … that', found: 'so large as to fail' },
  { find: /\bharmless when repeated\b/, write: 'idempotent', found: 'harmless when repeated' },
  {
    find: /\b(?:hears|(?:is|are|be) heard)\b/i,
    write: 'is called with, is checked',
    found: 'onWarning hears of it',
  },
  {
    find: /\b[Tt]ells\b(?! (?:a|an|the|another|several|its|his|her) (?:\w+ )?stor(?:y|ies)\b)(?! stories\b)(?! of [A-Z])/,
    write: 'reports, returns, shows',
    found: 'it tells the length',
    fine: ['the model tells a story', 'tells stories', 'it tells of Lily'],
  },
  {
    find: /\bbut for (?:the|an?|its|their|what|those|one|line)\b/,
    write: 'except for',
    found: 'all but for the last',
    fine: ['not for one but for all'],
  },
  {
    find: new RegExp(
      `\\b(?:once|twice|times|bytes|bits|tokens|values|ms|milliseconds|seconds|multiplications|cycles|instructions|microseconds|(?:an?|one) (?!(?:is|was|as|of|in|to|with|for|from|at|by|on|and|or|has|gets|makes|needs|takes|gives|becomes|into|than|that|like|when|within|after|before|without|under|between|about|costs|not|only)\\b)\\w+|one|two|three|four|eight|sixteen|\\d+(?:[.,]\\d+)*) an? ${UNIT}\\b(?! at| of| (?:may|can|has|holds|is|keeps|needs|must)\\b|'s|-)`,
    ),
    write: 'per X',
    found: '100 tokens a second',
    fine: ['four rows at a time', 'gives a token', 'not a token'],
  },
  {
    find: /, for (?!example\b)(?:(?!(?:that|which|what|whom|who|whose|whatever|where|when|as)\b)\w+ ){1,6}?(?:is|are|was|were|has|have|would|may|must|can|cannot|could|does|do|did|wants?|goes|leaves?|waits?|stays?|writes|crosses)\b/,
    write: 'because',
    found: 'is not needed, for it is known',
    fine: [
      'room for it',
      'a pattern, for example',
      'an option, for the last token',
      'loops, for formats that are plain numbers',
    ],
  },
]
