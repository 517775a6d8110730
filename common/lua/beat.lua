-- Registers a resolver as alive.
--
-- KEYS  resolvers resolver:<name> limits breaker
-- ARGV  name, lifetime in ms (0: it is shutting down), heartbeat json, the
--       maximum number of queued tracks, budget, with what it resolves: one
--       word for each combination of yt-dlp and configuration
--
-- Returns 1.  A breaker that opened with what no resolver has any more becomes
-- half-open.

-- a key of the wrong type would make every call of the script fail
for i, kind in ipairs({'zset', 'string', 'hash', 'hash'}) do
  local found = redis.call('TYPE', KEYS[i]).ok
  if found ~= kind and found ~= 'none' then
    redis.call('DEL', KEYS[i])
  end
end

if ARGV[2] == '0' then
  redis.call('ZREM', KEYS[1], ARGV[1])
  redis.call('DEL', KEYS[2])
  if redis.call('ZCARD', KEYS[1]) == 0 then
    redis.call('HDEL', KEYS[3], 'met')
  end
  return 1
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 1)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[2])

-- the words of all live resolvers, each with its expiry
local met, mets = {}, ' ' .. ARGV[6] .. ' '
for word in string.gmatch(ARGV[6], '%S+') do
  met[#met + 1] = string.format('%s=%.0f', word, now + ARGV[2])
end
for word, till in string.gmatch(redis.call('HGET', KEYS[3], 'met') or '',
                                '(%S+)=(%d+)') do
  till = tonumber(till)
  if till >= now and till <= now + 5000
    and not string.find(mets, ' ' .. word .. ' ', 1, true)
  then
    met[#met + 1] = string.format('%s=%.0f', word, till)
    mets = mets .. word .. ' '
  end
end
redis.call('HSET', KEYS[3], 'queue', ARGV[4], 'budget', ARGV[5],
           'met', table.concat(met, ' '))

-- a resolver that has just changed may not have told so when it opened it
local breaker = redis.call('HMGET', KEYS[4], 'met', 'until', 'span')
if breaker[1] and breaker[1] ~= ''
  and not string.find(mets, ' ' .. breaker[1] .. ' ', 1, true)
  and tonumber(breaker[2]) > now
  and now - (breaker[2] - (breaker[3] or 0)) > 10000
then
  redis.call('HSET', KEYS[4], 'until', now)
end

return 1
