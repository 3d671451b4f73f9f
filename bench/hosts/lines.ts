/** The prefix of an output line that is an answer; an engine may print other lines. */
export const ANSWER = '\u001e'
