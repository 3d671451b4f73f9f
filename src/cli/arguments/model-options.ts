import type { Operand } from '../command.js'
import { alias, choice, text } from './options.js'

/** The model's operand and options, for every command. */
export const MODEL: Operand = {
  name: 'MODEL',
  summary:
    'path, http(s) URL or hf:OWNER/REPO/FILE.gguf of a GGUF file or of a llama2.c checkpoint; or use -m MODEL',
  option: alias(text('MODEL', 'the model'), '-m', '--model', '--model-url', '-mu'),
  hint: `Small models on Hugging Face, which are downloaded and kept (see dasllama help pull):
  hf:bartowski/SmolLM2-135M-Instruct-GGUF
  hf:HuggingFaceTB/SmolLM2-360M-Instruct-GGUF
  hf:TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF
The repository of dasllama has models/tiny-stories.Q8_0.gguf (3 MB).`,
}

export const lookupTablesOption = choice(
  ['auto', 'memory', 'file'],
  'where tables of embeddings are, of which a token needs one row: file leaves them there and reads rows when they are ' +
    'needed; auto does that with those that do not fit into memory',
  'auto',
)

export const modelOptions = {
  tokenizer: text('FILE', "a llama2.c checkpoint's tokenizer.bin, if the checkpoint does not contain it"),
}
