-- Takes a track down, everywhere: what is known of it is deleted, and nginx is
-- told to drop it and its slices.
--
-- KEYS  track:<id> failure:<id> ban:<id> jobs:play jobs:prefetch takedowns
--       events
-- ARGV  id, class: a name of voyo_class.h that a track is banned with, or "":
--       then the track is resolved anew when it is wanted
--
-- Returns {time of the takedown, ms}, followed by the names of what there was:
-- "record", "failure", "job" (a queued one), "ban" (which "" leaves).  A job
-- that runs is not ended: its outcome is not stored.

local id, class = ARGV[1], ARGV[2]

-- a key of the wrong type would make every call of the script fail
for i, kind in ipairs({'string', 'string', 'string', 'zset', 'zset', 'zset'}) do
  local found = redis.call('TYPE', KEYS[i]).ok
  if found ~= kind and found ~= 'none' then
    redis.call('DEL', KEYS[i])
  end
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- the log is in order even if the clock is set back; and what was resolved
-- before is older than the takedown
local score = now
local last = redis.call('ZREVRANGE', KEYS[6], 0, 0, 'WITHSCORES')
if last[2] then
  score = math.max(score, tonumber(last[2]) + 1)
end
score = math.max(score, tonumber(string.match(
  redis.call('GET', KEYS[1]) or '', '^{"v":1,"generation":(%d+)')) or 0)

local found = {score}
for i, name in ipairs({'record', 'failure'}) do
  if redis.call('DEL', KEYS[i]) == 1 then
    found[#found + 1] = name
  end
end
if redis.call('ZREM', KEYS[4], id) + redis.call('ZREM', KEYS[5], id) > 0 then
  found[#found + 1] = 'job'
end
if redis.call('EXISTS', KEYS[3]) == 1 then
  found[#found + 1] = 'ban'
end

-- without a time to live: it is not evicted
if class ~= '' then
  redis.call('SET', KEYS[3], string.format(
    '{"v":1,"generation":%.0f,"id":"%s","resolved_at":%.0f,"error":"%s",'
    .. '"retry_after":86400}', score, id, math.floor(now / 1000), class))
end

-- as long as nginx keeps what it has of tracks
redis.call('ZADD', KEYS[6], string.format('%.0f', score), id)
redis.call('ZREMRANGEBYSCORE', KEYS[6], '-inf', now - 2592000000)
redis.call('ZREMRANGEBYRANK', KEYS[6], 0, -100001)

redis.call('PUBLISH', KEYS[7], id .. ' taken')
return found
