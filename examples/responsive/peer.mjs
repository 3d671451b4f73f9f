/** The other thread: sends messages to the one that is measured, and times how long it takes to answer them. */

/** Milliseconds between two messages, and between two ticks of the measured thread's timer. */
export const TICK_MS = 10

/**
 * Sends `{ sentAt, longestAnswerMs }` every TICK_MS, where `longestAnswerMs` is of the answers since the message before.
 * `take` is to be given what the measured thread sends: `{ answerTo: sentAt }`, or `abort`, which is sent back.
 */
export function startPeer(send) {
  let longestAnswerMs = 0
  const timer = setInterval(() => {
    send({ sentAt: performance.now(), longestAnswerMs })
    longestAnswerMs = 0
  }, TICK_MS)
  return {
    take(message) {
      if (message === 'abort') send('abort')
      else longestAnswerMs = Math.max(longestAnswerMs, performance.now() - message.answerTo)
    },
    stop: () => clearInterval(timer),
  }
}
