-- Counts one more extraction for the same job, before it begins.
--
-- KEYS  breaker budget
-- ARGV  id, its member name in the budget, budget, in extractions an hour
--
-- Returns 1; or 0, if the breaker has opened meanwhile.

-- a key of the wrong type would make every call of the script fail
for i, kind in ipairs({'hash', 'zset'}) do
  local found = redis.call('TYPE', KEYS[i]).ok
  if found ~= kind and found ~= 'none' then
    redis.call('DEL', KEYS[i])
  end
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- as in want.lua
local breaker = redis.call('HMGET', KEYS[1], 'class', 'until', 'probe',
                           'probe_until', 'span')
if breaker[1] then
  local left, span = breaker[2] - now, tonumber(breaker[5] or 3600000)
  if (left <= 0 or left > span) and breaker[3] and breaker[3] ~= ARGV[1] then
    left, span = breaker[4] - now, 3000
  end
  if left > 0 and left <= span then
    return 0
  end
  redis.call('HSET', KEYS[1], 'probe', ARGV[1], 'probe_until', now + 3000)
end

redis.call('ZADD', KEYS[2], now, ARGV[2])
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -(ARGV[3] + 1))

return 1
