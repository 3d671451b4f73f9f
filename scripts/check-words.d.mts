export function findWords(path: string, text: string): { line: number; word: string; write: string }[]
export function checkedFiles(): { path: string; text: string }[]
