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

-- a later time is from before the clock was set back
local breaker = redis.call('HMGET', KEYS[3], 'class', 'until', 'span')
local left = breaker[1] and breaker[2] - now or 0
if left > tonumber(breaker[3] or 3600000) then
  left = 0
end

redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now - 3600000)
redis.call('ZREMRANGEBYSCORE', KEYS[4], now + 1, '+inf')

return {redis.call('ZCARD', KEYS[1]), redis.call('ZCARD', KEYS[2]),
        redis.call('ZCARD', KEYS[4]), breaker[1] or '',
        math.max(left, 0)}
