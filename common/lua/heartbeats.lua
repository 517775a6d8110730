-- Reads the heartbeats of all live resolvers.
--
-- KEYS  resolvers health
-- ARGV  the prefix of their keys, "voyo:{<egress>}:resolver:"
--
-- Returns a list of heartbeats, json; empty if there are none.  It begins with
-- a write that needs memory, as a request for an unknown track does: Redis
-- refuses both when it is full, or a replica.

redis.call('SET', KEYS[2], 1, 'PX', 5000)

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- as in want.lua
local beats = {}
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], now, now + 5000)) do
  beats[#beats + 1] = redis.call('GET', ARGV[1] .. name) or '{}'
end
return beats
