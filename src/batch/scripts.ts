/**
 * Changes of a batch in Redis, each atomic. KEYS: the batch, its results by index, the indexes by `custom_id`, and how often
 * each unfinished request was started.
 */

/** Ends a batch whose requests all have results. */
const END = `
local function endIfDone(now)
  local got = redis.call('HMGET', KEYS[1], 'total', 'succeeded', 'failed', 'submitted', 'ended_at')
  if got[4] == '1' and not got[5] and tonumber(got[2]) + tonumber(got[3]) >= tonumber(got[1]) then
    redis.call('HSET', KEYS[1], 'ended_at', now)
    redis.call('DEL', KEYS[3], KEYS[4])
  end
end
`

export const SCRIPTS = {
  /**
   * Adds requests. ARGV: their number after the last one, the bytes of the file that were read, then index and `custom_id` of
   * each. Returns, for each, 1 if it is to be queued, 0 if it has a result, 2 if another one has its `custom_id`; or an empty list if
   * there is no such batch, or `{-1}` if it is cancelled.
   */
  admit: `
if redis.call('EXISTS', KEYS[1]) == 0 then return {} end
if redis.call('HGET', KEYS[1], 'cancelled') == '1' then return {-1} end
local admitted = {}
for i = 3, #ARGV, 2 do
  local index = ARGV[i]
  if redis.call('HSETNX', KEYS[3], ARGV[i + 1], index) == 0 and redis.call('HGET', KEYS[3], ARGV[i + 1]) ~= index then
    admitted[#admitted + 1] = 2
  else
    admitted[#admitted + 1] = 1 - redis.call('HEXISTS', KEYS[2], index)
  end
end
if tonumber(redis.call('HGET', KEYS[1], 'total')) < tonumber(ARGV[1]) then
  redis.call('HSET', KEYS[1], 'total', ARGV[1], 'read', ARGV[2])
end
return admitted
`,
  /** Ends the input. ARGV: the time. Returns 0 if there is no such batch. */
  seal: `${END}
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'submitted', '1')
endIfDone(ARGV[1])
return 1
`,
  /**
   * A worker begins a request. ARGV: its index, the time. Returns how often it was begun, with this time; 0 if it has a result,
   * -1 if the batch is cancelled, -2 if there is none.
   */
  begin: `
if redis.call('EXISTS', KEYS[1]) == 0 then return -2 end
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 1 then return 0 end
if redis.call('HGET', KEYS[1], 'cancelled') == '1' then return -1 end
redis.call('HSETNX', KEYS[1], 'begun_at', ARGV[2])
return redis.call('HINCRBY', KEYS[4], ARGV[1], 1)
`,
  /** A worker gives a request back. ARGV: its index. */
  release: `
if redis.call('HEXISTS', KEYS[4], ARGV[1]) == 1 and redis.call('HINCRBY', KEYS[4], ARGV[1], -1) <= 0 then
  redis.call('HDEL', KEYS[4], ARGV[1])
end
return 1
`,
  /**
   * Stores results, of which the first of a request stays. ARGV: the time, then index, line and 'succeeded' or 'failed' of each. Returns how
   * many were stored.
   */
  finish: `${END}
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local stored = 0
for i = 2, #ARGV, 3 do
  if redis.call('HSETNX', KEYS[2], ARGV[i], ARGV[i + 1]) == 1 then
    redis.call('HINCRBY', KEYS[1], ARGV[i + 2], 1)
    redis.call('HDEL', KEYS[4], ARGV[i])
    stored = stored + 1
  end
end
endIfDone(ARGV[1])
return stored
`,
  /** Cancels a batch. Returns its number of requests; -1 if it has ended, -2 if there is none. */
  cancel: `
if redis.call('EXISTS', KEYS[1]) == 0 then return -2 end
if redis.call('HEXISTS', KEYS[1], 'ended_at') == 1 then return -1 end
redis.call('HSET', KEYS[1], 'cancelled', '1', 'submitted', '1')
return tonumber(redis.call('HGET', KEYS[1], 'total'))
`,
} as const
