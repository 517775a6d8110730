-- Ends a track's ban: it is resolved when it is wanted.
--
-- KEYS  ban:<id>
--
-- Returns 1; or 0 if the track was not banned.

return redis.call('DEL', KEYS[1])
