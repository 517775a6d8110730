-- Reads the heartbeats of all live resolvers.
--
-- KEYS  resolvers
-- ARGV  the prefix of their keys, "voyo:{<egress>}:resolver:"
--
-- Returns a list of heartbeats, json; empty if there are none.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local beats = {}
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], now, '+inf')) do
  beats[#beats + 1] = redis.call('GET', ARGV[1] .. name) or '{}'
end
return beats
