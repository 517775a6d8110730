-- Requests a track: returns what is known of it, or queues it.
--
-- KEYS  track:<id> failure:<id> lease:<id> alive:<id> request:<id> ban:<id>
--       jobs:play jobs:prefetch resolvers breaker budget limits turn:<client>
--       left:<client>
-- ARGV  id, worker (of nginx, a name), newer_than (a generation, 0 for any),
--       lane: "play", "info" (for a client that does not listen), "prefetch",
--       or "none" to only read; the request's id, for logs, or ""; client, its
--       key, or ""
--
-- Returns one of
--   {"record", json}      its generation is above newer_than
--   {"failure", json, s}  the last attempt failed, and is stored for another
--                         "s" seconds; or the track is refused at once, and
--                         may be allowed in "s" seconds: "error" is then the
--                         breaker's class, "busy" (the queue is full, and has
--                         no prefetch to drop for a play) or, unless it is a
--                         play, "budget"
--   {"failure", json}     the track is banned
--   {"pending"}           queued, or being resolved; or, for "none", unknown
--   {"pending", ms}       not queued: the client skips through tracks, and has
--                         to want this one for so long
--   {"no_resolver"}       no resolver is alive: nothing was queued
--
-- With "play" and "info" the track is marked alive.  A queued prefetch of it
-- moves to the play lane, or ahead of the other prefetches.  In the play lane
-- clients take turns: the first track of each comes before the second of any.
-- Law 4: a track is queued once, however often it is requested.

local id, worker, lane = ARGV[1], ARGV[2], ARGV[4]
local request, client = ARGV[5], ARGV[6]

-- a key of the wrong type would make every call of the script fail
for i, kind in ipairs({'string', 'string', 'string', 'zset', 'string',
                       'string', 'zset', 'zset', 'zset', 'hash', 'zset',
                       'hash', 'zset', 'string'}) do
  local found = redis.call('TYPE', KEYS[i]).ok
  if found ~= kind and found ~= 'none' then
    redis.call('DEL', KEYS[i])
  end
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local ban = redis.call('GET', KEYS[6])
if ban then
  return {'failure', ban}
end

local record = redis.call('GET', KEYS[1]) or ''
local generation = tonumber(string.match(
  record, '^{"v":1,"generation":(%d+)')) or 0
local state = redis.call('HMGET', KEYS[12], 'moved', 'met')
local moved = tonumber(state[1]) or 0
if moved > now then
  -- from before the clock was set back
  moved = 0
end
if generation > tonumber(ARGV[3]) then
  if generation < moved then
    -- the URLs are bound to an address that is no longer ours
    record = string.gsub(record, '"expires":%d+', '"expires":0')
  end
  return {'record', record}
end

-- a failure is tried again by another yt-dlp, with another configuration and
-- from another address; a resolver tells within 10 s that it has changed
local function stale(failure)
  local failed = tonumber(string.match(
    failure, '^{"v":1,"generation":(%d+)')) or 0
  local met = string.match(failure, '"met":"([^"]*)"')
  return failed < moved
    or met and state[2] and now - failed > 10000
       and not string.find(' ' .. state[2], ' ' .. met .. '=', 1, true)
end

local failure = redis.call('GET', KEYS[2])
if failure and not stale(failure) then
  local left = redis.call('PTTL', KEYS[2])
  return {'failure', failure, math.max(math.ceil(left / 1000), 1)}
end

if lane == 'none' then
  return {'pending'}
end

-- a heartbeat expires after 5 s: a later time is from before the clock was set
-- back
if redis.call('ZCOUNT', KEYS[9], now, now + 5000) == 0 then
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
local breaker = redis.call('HMGET', KEYS[10], 'class', 'until', 'probe',
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
    redis.call('HSET', KEYS[10], 'probe', id, 'probe_until', now + 3000)
  end
  return {'pending'}
end

-- a request waits: a popped job that is not alive is dropped
local waits = redis.call('ZSCORE', KEYS[4], worker)
if lane ~= 'prefetch' then
  redis.call('ZADD', KEYS[4], now, worker)
  redis.call('PEXPIRE', KEYS[4], 3000)
end

local queued = redis.call('ZSCORE', KEYS[7], id)

if redis.call('EXISTS', KEYS[3]) == 1
  or queued and (lane ~= 'play' or tonumber(queued) <= now)
then
  return pending()
end

-- above the record's generation, even if that is from a clock that was ahead
local score = math.max(now, generation)

if lane == 'info' then

  -- ahead of prefetches
  score = now - 300000

elseif lane == 'play' and client ~= '' then

  -- a client that has left two tracks within 2 s may leave this one too
  if not queued and not waits
    and tonumber(redis.call('GET', KEYS[14]) or 0) >= 2
  then
    return {'pending', 150}
  end

  -- after the client's last other track that is still queued
  local mine = redis.call('ZREM', KEYS[13], id) == 1
  local last, due
  repeat
    last = redis.call('ZREVRANGE', KEYS[13], 0, 0)[1]
    due = last and redis.call('ZSCORE', KEYS[7], last)
    if last and not due then
      redis.call('ZREM', KEYS[13], last)
    end
  until due or not last

  if due then
    score = math.max(score, due + 10000)
  end
  if mine and queued and score >= tonumber(queued) then
    redis.call('ZADD', KEYS[13], queued, id)
  end
end

local function queue(key)
  redis.call('ZADD', key, score, id)
  if request ~= '' then
    redis.call('SET', KEYS[5], request, 'PX', 600000)
  end
  if lane == 'play' and client ~= '' then
    redis.call('ZADD', KEYS[13], score, id)
    redis.call('PEXPIRE', KEYS[13], 60000)
  end
  return pending()
end

-- this client's turn may come before that of the one that queued it
if queued then
  return score < tonumber(queued) and queue(KEYS[7]) or pending()
end

-- a queued prefetch that is now requested for a client moves
queued = redis.call('ZSCORE', KEYS[8], id)
if queued then
  if lane == 'play' then
    redis.call('ZREM', KEYS[8], id)
    return queue(KEYS[7])
  end
  return score < tonumber(queued) and queue(KEYS[8]) or pending()
end

local limits = redis.call('HMGET', KEYS[12], 'queue', 'budget')
local most, budget = tonumber(limits[1]), tonumber(limits[2])

if lane ~= 'play' and budget then
  redis.call('ZREMRANGEBYSCORE', KEYS[11], '-inf', now - 3600000)
  redis.call('ZREMRANGEBYSCORE', KEYS[11], now + 1, '+inf')
  if redis.call('ZCARD', KEYS[11]) >= budget then
    local oldest = redis.call('ZREVRANGE', KEYS[11], budget - 1, budget - 1,
                              'WITHSCORES')
    return refused('budget', oldest[2] + 3600000 - now)
  end
end

local others = redis.call('ZCARD', KEYS[8])
if most and redis.call('ZCARD', KEYS[7]) + others >= most then
  if lane ~= 'play' or others == 0 then
    return refused('busy', 5000)
  end
  redis.call('ZPOPMAX', KEYS[8])
end

return queue(lane == 'play' and KEYS[7] or KEYS[8])
