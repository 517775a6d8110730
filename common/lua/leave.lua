-- Withdraws a track that a worker of nginx wanted, when no request of that
-- worker waits any more.
--
-- KEYS  alive:<id> jobs:play breaker left:<client>
-- ARGV  id, worker, client: "", or the key of the one that has left
--
-- For a track that was wanted as "info", the second key is jobs:prefetch.
-- Returns 1 if the job was queued and no other worker waits: it is removed.  A
-- running job continues.

-- a key of the wrong type would make every call of the script fail
for i, kind in ipairs({'zset', 'zset', 'hash', 'string'}) do
  local found = redis.call('TYPE', KEYS[i]).ok
  if found ~= kind and found ~= 'none' then
    redis.call('DEL', KEYS[i])
  end
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

redis.call('ZREM', KEYS[1], ARGV[2])

-- who skips through tracks: want.lua
if ARGV[3] ~= '' then
  redis.call('SET', KEYS[4], (redis.call('GET', KEYS[4]) or 0) + 1, 'PX', 2000)
end

-- workers that were killed do not leave
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 3000)
if redis.call('EXISTS', KEYS[1]) == 1
  or redis.call('ZREM', KEYS[2], ARGV[1]) == 0
then
  return 0
end

if redis.call('HGET', KEYS[3], 'probe') == ARGV[1] then
  redis.call('HDEL', KEYS[3], 'probe')
end
return 1
