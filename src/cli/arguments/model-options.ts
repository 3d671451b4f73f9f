import type { Operand } from '../command.js'
import { alias, text } from './options.js'

/** The model's operand and options, for every command. */
export const MODEL: Operand = {
  name: 'MODEL',
  summary: 'path or http(s) URL of a GGUF file or of a llama2.c checkpoint; or use -m MODEL',
  option: alias(text('MODEL', 'the model'), '-m', '--model', '--model-url', '-mu'),
  hint: `Small models on Hugging Face; take a file that ends in .gguf:
  https://huggingface.co/bartowski/SmolLM2-135M-Instruct-GGUF
  https://huggingface.co/HuggingFaceTB/SmolLM2-360M-Instruct-GGUF
  https://huggingface.co/TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF
The repository of dasllama has models/tiny-stories.Q8_0.gguf (3 MB).`,
}

export const modelOptions = {
  tokenizer: text('FILE', "a llama2.c checkpoint's tokenizer.bin, if the checkpoint does not contain it"),
}
