-- Takes the lease of a popped job, and counts the extraction.
--
-- KEYS  track:<id> lease:<id> breaker budget alive:<id> request:<id>
--       takedowns
-- ARGV  id, token, lease in ms, score (the job's time of request, ms), lane:
--       "play", "prefetch", or "own" for a job that was not queued; budget, in
--       extractions an hour
--
-- Returns {"run", generation of the record to come, the id of the request that
-- queued it, or ""}; or {"leased"}, {"fresh"} (resolved after it was
-- requested), {"abandoned"} (a play that no client waits for any more),
-- {"stale"} (a prefetch that was requested 10 minutes ago), {"breaker"} or
-- {"budget"} (for a prefetch only).
--
-- Law 4: a track has one lease.

local id, token, lane = ARGV[1], ARGV[2], ARGV[5]
local budget = tonumber(ARGV[6])

-- a key of the wrong type would make every call of the script fail
for i, kind in ipairs({'string', 'string', 'hash', 'zset', 'zset',
                       'string', 'zset'}) do
  local found = redis.call('TYPE', KEYS[i]).ok
  if found ~= kind and found ~= 'none' then
    redis.call('DEL', KEYS[i])
  end
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- a generation is a time: whether the record is newer than the request
local generation = tonumber(string.match(
  redis.call('GET', KEYS[1]) or '', '^{"v":1,"generation":(%d+)')) or 0
if lane ~= 'own' and generation > tonumber(ARGV[4]) then
  return {'fresh'}
end

if lane == 'play' and redis.call('EXISTS', KEYS[5]) == 0 then
  return {'abandoned'}
end

if redis.call('EXISTS', KEYS[2]) == 1 then
  return {'leased'}
end

-- a later time is from before the clock was set back
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now - 3600000)
redis.call('ZREMRANGEBYSCORE', KEYS[4], now + 1, '+inf')
if lane == 'prefetch' and redis.call('ZCARD', KEYS[4]) >= budget then
  return {'budget'}
end

if lane == 'prefetch' and now - ARGV[4] > 600000 then
  return {'stale'}
end

-- as in want.lua
local breaker = redis.call('HMGET', KEYS[3], 'class', 'until', 'probe',
                           'probe_until', 'span')
if breaker[1] then
  local left, span = breaker[2] - now, tonumber(breaker[5] or 3600000)
  if (left <= 0 or left > span) and breaker[3] and breaker[3] ~= id then
    left, span = breaker[4] - now, 3000
  end
  if left > 0 and left <= span then
    return {'breaker'}
  end
  redis.call('HSET', KEYS[3], 'probe', id, 'probe_until', now + 3000)
end

redis.call('SET', KEYS[2], token, 'PX', ARGV[3])

-- plays are counted too, but never refused
redis.call('ZADD', KEYS[4], now, token)
redis.call('ZREMRANGEBYRANK', KEYS[4], 0, -(budget + 1))

-- above that of a takedown: what is resolved from now on is not taken down
local taken = tonumber(redis.call('ZSCORE', KEYS[7], id) or 0)

return {'run', math.max(now, generation + 1, taken + 1),
        redis.call('GET', KEYS[6]) or ''}
