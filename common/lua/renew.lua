-- Renews a lease, even an expired one if no other resolver has taken it.
--
-- KEYS  lease:<id> breaker track:<id>
-- ARGV  token, lease in ms, id, generation of the record to come
--
-- Returns 1; or 0 if another resolver has the lease, or the track was resolved
-- without it.
--
-- Law 4: the lease outlives a long job.

-- a key of the wrong type would make every call of the script fail
for i, kind in ipairs({'string', 'hash', 'string'}) do
  local found = redis.call('TYPE', KEYS[i]).ok
  if found ~= kind and found ~= 'none' then
    redis.call('DEL', KEYS[i])
  end
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

if redis.call('HGET', KEYS[2], 'probe') == ARGV[3] then
  redis.call('HSET', KEYS[2], 'probe_until', now + 3000)
end

-- an expired lease is taken again, unless the track was resolved meanwhile
local generation = tonumber(string.match(
  redis.call('GET', KEYS[3]) or '', '^{"v":1,"generation":(%d+)')) or 0
local holder = redis.call('GET', KEYS[1])
if not holder and generation < tonumber(ARGV[4]) then
  holder = ARGV[1]
end
if holder ~= ARGV[1] then
  return 0
end

redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
