-- Registers a resolver as alive.
--
-- KEYS  resolvers resolver:<name> limits
-- ARGV  name, lifetime in ms (0: it is shutting down), heartbeat json, the
--       maximum number of queued tracks, budget
--
-- Returns 1.

-- a key of the wrong type would make every call of the script fail
for i, kind in ipairs({'zset', 'string', 'hash'}) do
  local found = redis.call('TYPE', KEYS[i]).ok
  if found ~= kind and found ~= 'none' then
    redis.call('DEL', KEYS[i])
  end
end

if ARGV[2] == '0' then
  redis.call('ZREM', KEYS[1], ARGV[1])
  redis.call('DEL', KEYS[2])
  return 1
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 1)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[2])
redis.call('HSET', KEYS[3], 'queue', ARGV[4], 'budget', ARGV[5])
return 1
