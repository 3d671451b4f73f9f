export function modelsFolder(): string
export function tinyLlamaPath(): string
