/**
 * Flags of llama.cpp, ollama and similar programs without an equivalent option here. Equivalent ones are aliases of
 * their options.
 */
export interface ForeignFlag {
  readonly names: readonly string[]
  /** The commands that this applies to. Default: all. */
  readonly commands?: readonly string[]
  /** What to do instead. */
  readonly hint?: string
  /** Accepted and ignored: a flag without a value that requests the default behaviour. */
  readonly isAccepted?: boolean
}

const WRITING = ['run', 'chat']

/** The first entry with the flag and the command applies. */
const FOREIGN: readonly ForeignFlag[] = [
  // Default behaviour.
  {
    names: ['--no-display-prompt', '-no-cnv', '--no-conversation'],
    commands: ['run'],
    isAccepted: true,
  },
  { names: ['-cnv', '--conversation', '-i', '--interactive'], commands: ['chat'], isAccepted: true },
  {
    names: ['--no-context-shift', '--no-warmup', '--simple-io', '--log-disable', '--jinja', '--no-escape'],
    commands: [...WRITING, 'perplexity'],
    isAccepted: true,
  },
  { names: ['--no-mmap', '--no-mmproj', '--offline', '--nowordwrap'], isAccepted: true },

  // The prompt and the conversation.
  {
    names: ['-p', '--prompt'],
    commands: ['chat'],
    hint: 'chat reads messages from the terminal or standard input; dasllama run --chat --prompt TEXT answers one',
  },
  {
    names: ['-f', '--file', '--prompt-file'],
    commands: ['chat'],
    hint: 'chat reads messages from standard input: dasllama chat MODEL < FILE; or dasllama run --chat --file FILE',
  },
  {
    names: ['-p', '--prompt', '--text', '-f', '--file', '--stdin', '--input'],
    commands: ['tokenize', 'embed'],
    hint: 'the text is an argument after MODEL; - reads standard input',
  },
  {
    names: ['-p', '--prompt'],
    commands: ['perplexity'],
    hint: 'the text is read from --file FILE or from standard input',
  },
  {
    names: ['-cnv', '--conversation', '-i', '--interactive', '-if', '--interactive-first'],
    commands: ['run'],
    hint: 'dasllama chat is a conversation; run --chat applies the chat template to one prompt',
  },
  { names: ['-sysf', '--system-prompt-file'], hint: 'write --system "$(cat FILE)"' },
  { names: ['-st', '--single-turn'], hint: 'dasllama run --chat --prompt TEXT answers one message' },
  { names: ['--chat-template-file'], hint: 'write --template "$(cat FILE)"' },
  { names: ['-e', '--escape'], hint: "write the prompt as $'…\\n…' in the shell, or read it with --file" },
  {
    names: ['-r', '--reverse-prompt'],
    commands: WRITING,
    hint: '--stop TEXT ends the text before TEXT',
  },
  {
    names: ['-mli', '--multiline-input'],
    hint: 'in a chat, end a line with \\ to continue it, or put several lines between """ and """',
  },
  { names: ['-bf', '--binary-file', '--in-file'], commands: ['run'], hint: '--file FILE reads the prompt' },
  {
    names: ['--in-prefix', '--in-suffix', '--in-prefix-bos'],
    hint: '--template TEXT takes a Jinja template',
  },
  {
    names: ['--prompt-cache', '--prompt-cache-all', '--prompt-cache-ro', '--keep-alive', '--keepalive'],
    hint: 'not available on the command line; in a program, use session.save() and session.restore()',
  },
  {
    names: ['--verbose-prompt', '-ptc'],
    hint: "dasllama tokenize shows a text's tokens; run --json has promptIds",
  },
  {
    names: ['--think', '--hidethinking', '-rea', '--reasoning', '--reasoning-effort', '--reasoning-format'],
    commands: ['chat'],
    hint: "--template-variables sets the template's variables, such as '{\"enable_thinking\": false}'",
  },

  // Sampling.
  { names: ['--mirostat'], hint: '--mirostat-tau X switches mirostat 2 on; X is 5 in llama.cpp' },
  { names: ['--mirostat-ent'], hint: '--mirostat-tau X sets it and switches mirostat 2 on' },
  { names: ['--sampler-seq', '--sampling-seq'], hint: '--samplers takes names with commas between' },
  {
    names: ['--dry-sequence-breaker'],
    hint: '--dry-breakers takes token ids, which dasllama tokenize prints',
  },
  {
    names: [
      '--tfs',
      '--tfs-z',
      '--adaptive-target',
      '--adaptive-decay',
      '--penalize-nl',
      '-bs',
      '--backend-sampling',
    ],
    commands: WRITING,
    hint: 'not supported here; dasllama help run lists the options',
  },
  { names: ['-j'], commands: WRITING, hint: '--json-schema takes the name of a file with the schema' },
  {
    names: ['--format'],
    commands: WRITING,
    hint: '--json-schema FILE makes the text JSON; run --json, --jsonl or --csv is how results are printed',
  },
  { names: ['--n-probs'], commands: ['run'], hint: '--logprobs N shows them' },

  // The model and the machine.
  {
    names: [
      ...['--draft-max', '--draft-n', '--draft-min', '--draft-n-min', '--draft-p-min', '--draft-p-split'],
      ...['--spec-draft-n-max', '--spec-draft-n-min', '--spec-draft-p-min', '-cd', '--ctx-size-draft'],
    ],
    hint: 'leave it out: the length of drafts is chosen automatically',
  },
  {
    names: ['--spec-type'],
    hint: '--speculation lookup guesses from the text, --speculation mtp by the draft head of the model, and --draft MODEL with a smaller one',
  },
  { names: ['-md', '--model-draft'], hint: 'dasllama run, chat and serve have draft models' },
  {
    names: ['-hf', '-hfr', '--hf-repo', '-hff', '--hf-file'],
    hint: "MODEL may be the file's address: https://huggingface.co/USER/REPO/resolve/main/FILE.gguf",
  },
  {
    names: [
      '-hft',
      '--hf-token',
      '--lora',
      '--lora-scaled',
      '--control-vector',
      '-mm',
      '--mmproj',
      '--image',
      '--audio',
      '--override-kv',
    ],
    hint: 'not supported here',
  },
  {
    names: [
      '-ngl',
      '--gpu-layers',
      '--n-gpu-layers',
      '--num-gpu',
      '-dev',
      '--device',
      '-sm',
      '--split-mode',
      '-mg',
      '--main-gpu',
      '-ts',
      '--tensor-split',
      '-kvo',
      '-nkvo',
      '--no-kv-offload',
      '-ot',
      '-cmoe',
    ],
    hint: 'leave it out: everything runs on the CPU',
  },
  {
    names: [
      '-b',
      '--batch-size',
      '-ub',
      '--ubatch-size',
      '--num-batch',
      '-np',
      '--parallel',
      '-ns',
      '--sequences',
      '-cb',
      '--cont-batching',
    ],
    hint: 'leave it out: batch sizes are chosen automatically',
  },
  {
    names: [
      '--mlock',
      '--mmap',
      '--use-mmap',
      '--use-mlock',
      '--numa',
      '--no-repack',
      '-nr',
      '--repack',
      '--no-host',
      '-C',
      '--cpu-mask',
      '--prio',
      '--poll',
      '--swa-full',
      '-fa',
      '--flash-attn',
      '-dt',
      '--defrag-thold',
      '--warmup',
      '--check-tensors',
    ],
    hint: 'leave it out: it has no meaning here',
  },
  { names: ['-tb', '--threads-batch'], hint: '--threads applies to prompts and generation' },
  {
    names: ['-ctk', '--cache-type-k', '-ctv', '--cache-type-v'],
    hint: '--kv-type sets the type of keys and values',
  },
  {
    names: ['--keep', '--num-keep', '--n-keep'],
    commands: WRITING,
    hint: '--context-shift=N keeps the first N tokens when the context is full',
  },
  {
    names: [
      '--rope-scaling',
      '--rope-scale',
      '--rope-freq-base',
      '--rope-freq-scale',
      '--yarn-orig-ctx',
      '--yarn-ext-factor',
      '--yarn-attn-factor',
      '--yarn-beta-slow',
      '--yarn-beta-fast',
    ],
    hint: "leave it out: positions are scaled as the model's file specifies",
  },

  // Output.
  {
    names: ['-co', '--color', '--colors'],
    hint: 'colours are used on a terminal; NO_COLOR=1 before the command switches them off',
  },
  {
    names: ['-v', '--verbose', '--log-verbose', '-lv', '--verbosity', '--show-timings', '--perf'],
    hint: 'statistics are printed anyway; DASLLAMA_DEBUG=1 shows where an error comes from',
  },
  {
    names: ['-sp', '--special'],
    commands: WRITING,
    hint: 'run --json has the ids, and dasllama tokenize --pieces shows control tokens',
  },
  { names: ['-o', '--output', '--output-file'], hint: 'write > FILE after the command' },
  {
    names: ['--no-bos'],
    commands: ['tokenize', 'embed'],
    hint: '--no-special omits begin-of-text and end-of-text',
  },
  { names: ['--ids'], commands: ['tokenize'], isAccepted: true },
  { names: ['--show-count'], commands: ['tokenize'], hint: '--json prints the ids as an array' },
  {
    names: [
      '--ppl-stride',
      '--ppl-output-type',
      '--hellaswag',
      '--winogrande',
      '--multiple-choice',
      '--kl-divergence',
      '--save-all-logits',
    ],
    commands: ['perplexity'],
    hint: 'only perplexity over chunks is supported here',
  },
  {
    names: ['--embd-normalize'],
    commands: ['embed'],
    hint: 'vectors have length 1 unless --no-normalize is given',
  },
  {
    names: ['--embd-output-format', '--embd-separator'],
    commands: ['embed'],
    hint: '--json prints one JSON object',
  },
  { names: ['-V'], hint: 'dasllama --version shows the version' },
]

/** The entry for a flag, as written, in a command. */
export function foreignFlag(name: string, command: string | undefined): ForeignFlag | undefined {
  return FOREIGN.find(
    ({ names, commands }) =>
      names.includes(name) &&
      (commands === undefined || (command !== undefined && commands.includes(command))),
  )
}
