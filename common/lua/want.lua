-- Requests a track: returns what is known of it, or queues it.
--
-- KEYS  track:<id> failure:<id> lease:<id> alive:<id> jobs:play jobs:prefetch
--       resolvers breaker budget limits
-- ARGV  id, newer_than (a generation, 0 for any), lane: "play", "prefetch",
--       or "none" to only read
--
-- Returns one of
--   {"record", json}      its generation is above newer_than
--   {"failure", json, s}  the last attempt failed, and is stored for another
--                         "s" seconds; or the track is refused at once, and
--                         may be allowed in "s" seconds: "error" is then the
--                         breaker's class, "busy" (the queue is full, and has
--                         no prefetch to drop for a play) or, for a prefetch,
--                         "budget"
--   {"pending"}           queued, or being resolved; or, for "none", unknown
--   {"no_resolver"}       no resolver is alive: nothing was queued
--
-- With "play" the track is marked alive, and a queued prefetch of it moves to
-- the play lane.  Law 4: it is queued once, however often it is requested.

local id, lane = ARGV[1], ARGV[3]

-- a key of the wrong type would make every call of the script fail
for i, kind in ipairs({'string', 'string', 'string', 'string', 'zset', 'zset',
                       'zset', 'hash', 'zset', 'hash'}) do
  local found = redis.call('TYPE', KEYS[i]).ok
  if found ~= kind and found ~= 'none' then
    redis.call('DEL', KEYS[i])
  end
end

local record = redis.call('GET', KEYS[1]) or ''
local generation = tonumber(string.match(
  record, '^{"v":1,"generation":(%d+)')) or 0
if generation > tonumber(ARGV[2]) then
  return {'record', record}
end

local failure = redis.call('GET', KEYS[2])
if failure then
  local left = redis.call('PTTL', KEYS[2])
  return {'failure', failure, math.max(math.ceil(left / 1000), 1)}
end

if lane == 'none' then
  return {'pending'}
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- a heartbeat is for 5 s: a later one is from before the clock was set back
if redis.call('ZCOUNT', KEYS[7], now, now + 5000) == 0 then
  return {'no_resolver'}
end

-- a refusal is a failure that is not stored
local function refused(class, ms)
  local left = math.max(math.ceil(ms / 1000), 1)
  local json = string.format(
    '{"v":1,"generation":1,"id":"%s","resolved_at":%.0f,"error":"%s",'
    .. '"retry_after":%.0f}', id, math.floor(now / 1000), class, left)
  return {'failure', json, left}
end

-- the breaker is open for its time and then half-open: it allows one track, the
-- probe, as long as a client or a resolver confirms it every 3 s; if more time
-- is left than it was opened for, the clock was set back
local breaker = redis.call('HMGET', KEYS[8], 'class', 'until', 'probe',
                           'probe_until', 'span')
if breaker[1] then
  local left, span = breaker[2] - now, tonumber(breaker[5] or 3600000)
  if (left <= 0 or left > span) and breaker[3] and breaker[3] ~= id then
    left, span = breaker[4] - now, 3000
  end
  if left > 0 and left <= span then
    return refused(breaker[1], left)
  end
end

-- a track becomes the probe only if it will be resolved
local function pending()
  if breaker[1] then
    redis.call('HSET', KEYS[8], 'probe', id, 'probe_until', now + 3000)
  end
  return {'pending'}
end

-- a request waits: a popped job that is not alive is dropped
if lane == 'play' then
  redis.call('SET', KEYS[4], 1, 'PX', 3000)
end

if redis.call('EXISTS', KEYS[3]) == 1
  or redis.call('ZSCORE', KEYS[5], id)
then
  return pending()
end

-- above the record's generation, even if that is from a clock that was ahead
local score = math.max(now, generation)

-- a queued prefetch that is now requested for play moves to the play lane
if redis.call('ZSCORE', KEYS[6], id) then
  if lane == 'play' then
    redis.call('ZREM', KEYS[6], id)
    redis.call('ZADD', KEYS[5], score, id)
  end
  return pending()
end

local limits = redis.call('HMGET', KEYS[10], 'queue', 'budget')
local queue, budget = tonumber(limits[1]), tonumber(limits[2])

if lane ~= 'play' and budget then
  redis.call('ZREMRANGEBYSCORE', KEYS[9], '-inf', now - 3600000)
  redis.call('ZREMRANGEBYSCORE', KEYS[9], now + 1, '+inf')
  if redis.call('ZCARD', KEYS[9]) >= budget then
    local oldest = redis.call('ZREVRANGE', KEYS[9], budget - 1, budget - 1,
                              'WITHSCORES')
    return refused('budget', oldest[2] + 3600000 - now)
  end
end

local others = redis.call('ZCARD', KEYS[6])
if queue and redis.call('ZCARD', KEYS[5]) + others >= queue then
  if lane ~= 'play' or others == 0 then
    return refused('busy', 5000)
  end
  redis.call('ZPOPMAX', KEYS[6])
end

redis.call('ZADD', lane == 'play' and KEYS[5] or KEYS[6], score, id)
return pending()
