-- Reads the state that all resolvers of the egress share.
--
-- KEYS  jobs:play jobs:prefetch breaker budget
--
-- Returns {length of play, of prefetch, extractions in the last hour (at most
-- the budget), the breaker's class or "", ms until it is half-open}.

-- a key of the wrong type would make every call of the script fail
for i, kind in ipairs({'zset', 'zset', 'hash', 'zset'}) do
  local found = redis.call('TYPE', KEYS[i]).ok
  if found ~= kind and found ~= 'none' then
    redis.call('DEL', KEYS[i])
  end
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local breaker = redis.call('HMGET', KEYS[3], 'class', 'until')

redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now - 3600000)

return {redis.call('ZCARD', KEYS[1]), redis.call('ZCARD', KEYS[2]),
        redis.call('ZCARD', KEYS[4]), breaker[1] or '',
        breaker[1] and math.max(breaker[2] - now, 0) or 0}
