-- Ends a job: stores its outcome, releases the lease, publishes the event.
--
-- KEYS  track:<id> failure:<id> lease:<id> jobs:play jobs:prefetch events
--       breaker limits ban:<id> takedowns
-- ARGV  id, token, kind: "record", "failure", "global" (a failure that opens
--       the breaker and does not concern the track) or "drop" (nothing is
--       stored and the lease is free at once), json, lifetime in seconds,
--       generation, class, "1" if the source answered as it does when the
--       address is not blocked, maximum time the breaker may stay open in
--       seconds, with what it was resolved (see beat.lua), the address that
--       the record's URLs are bound to or ""
--
-- Returns 1; or 0, and stores nothing, if there is a newer record, if the track
-- is banned or was taken down after the lease was taken or, for any kind but
-- "record", if another resolver has the lease, which it keeps.  A probe that
-- the source answered closes the breaker; a further global failure opens it for
-- twice the time.  A record of another address than the last makes an open
-- breaker half-open, and URLs and failures of the former invalid.
--
-- Law 7: what was resolved is kept, even late.

local id, token, kind, life = ARGV[1], ARGV[2], ARGV[3], ARGV[5]

-- a key of the wrong type would make every call of the script fail
for i, expected in pairs({'string', 'string', 'string', 'zset', 'zset',
                          [7] = 'hash', [8] = 'hash', [9] = 'string',
                          [10] = 'zset'}) do
  local found = redis.call('TYPE', KEYS[i]).ok
  if found ~= expected and found ~= 'none' then
    redis.call('DEL', KEYS[i])
  end
end

local breaker = redis.call('HMGET', KEYS[7], 'until', 'probe', 'count')
local probe = breaker[2] == id

local holder = redis.call('GET', KEYS[3])
local foreign = holder and holder ~= token
if not foreign then
  redis.call('DEL', KEYS[3])
end

-- a late record is stored too, a late failure is not
local newer = (tonumber(string.match(
  redis.call('GET', KEYS[1]) or '', '^{"v":1,"generation":(%d+)')) or 0)
  > tonumber(ARGV[6])
if newer and (kind == 'record' or kind == 'failure')
  or foreign and kind ~= 'record'
then
  return 0
end

local taken = kind ~= 'global' and (redis.call('EXISTS', KEYS[9]) == 1
  or tonumber(redis.call('ZSCORE', KEYS[10], id) or 0) >= tonumber(ARGV[6]))

if kind == 'drop' then
  if probe then
    redis.call('HDEL', KEYS[7], 'probe')
  end
  return 1
end

if kind == 'global' then
  -- failures of other jobs that were running must not prolong it
  if not breaker[1] or probe then
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    local count = tonumber(breaker[3]) or 0
    local ms = math.min(life * 2 ^ math.min(count, 30), ARGV[9]) * 1000
    redis.call('HSET', KEYS[7], 'class', ARGV[7], 'until', now + ms,
               'span', ms, 'count', count + 1, 'met', ARGV[10])
    redis.call('HDEL', KEYS[7], 'probe', 'probe_until')
  end
else
  if probe and ARGV[8] == '1' then
    redis.call('DEL', KEYS[7])
  elseif probe then
    redis.call('HDEL', KEYS[7], 'probe')
  end
  if taken then
    -- who waits for it wants it again
    kind = 'failure'
  elseif kind == 'record' then
    redis.call('SET', KEYS[1], ARGV[4], 'EX', life)
    redis.call('DEL', KEYS[2])
  else
    redis.call('SET', KEYS[2], ARGV[4], 'EX', life)
  end
end

-- one that returns is one of several, and not new; and a change of all URLs is
-- not for every few minutes
local address = ARGV[11]
if kind == 'record' and address ~= '' then
  local family = string.find(address, ':', 1, true) and '6' or '4'
  local limits = redis.call('HMGET', KEYS[8], 'address' .. family,
                            'before' .. family, 'moved')
  if limits[1] ~= address then
    local moved = tonumber(limits[3]) or 0
    if limits[1] and limits[2] ~= address
      and (ARGV[6] - moved > 600000 or moved - ARGV[6] > 600000)
    then
      redis.call('HSET', KEYS[8], 'moved', ARGV[6])
      redis.call('PUBLISH', KEYS[6], 'moved ' .. ARGV[6])
      if redis.call('EXISTS', KEYS[7]) == 1 then
        redis.call('HSET', KEYS[7], 'until', '0')
      end
    end
    redis.call('HSET', KEYS[8], 'address' .. family, address,
               'before' .. family, limits[1] or '')
  end
end

redis.call('ZREM', KEYS[4], id)
redis.call('ZREM', KEYS[5], id)
redis.call('PUBLISH', KEYS[6], id .. ' ' .. (kind == 'record' and ARGV[6]
                                             or '0'))
return taken and 0 or 1
