export function tinyLlamaPath(): string
