/** What a line of output begins with when it is an answer; an engine may print others. */
export const ANSWER = '\u001e'
