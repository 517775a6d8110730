
/*
 * Copyright (C) the VOYO authors
 */


#include "voyo_script.h"


/*
 * Milliseconds of Redis's clock and generations have 13 digits: as Lua numbers
 * they are exact, but must be written with "%.0f".
 */

#define VOYO_SCRIPT_NOW                                                       \
    "local time = redis.call('TIME')\n"                                       \
    "local now = time[1] * 1000 + math.floor(time[2] / 1000)\n"               \
    "local function text(number)\n"                                           \
    "  return string.format('%.0f', number)\n"                                \
    "end\n"

#define VOYO_SCRIPT_GENERATION                                                \
    "local function generation(record)\n"                                     \
    "  return tonumber(record and string.match(record,\n"                     \
    "    '^{\"v\":1,\"generation\":(%d+)')) or 0\n"                           \
    "end\n"

/*
 * A key of the wrong type would fail the script for ever: it is nothing of
 * ours, and goes.  "types" has a letter for each of the first keys.
 */

#define VOYO_SCRIPT_HEAL(types)                                               \
    "local kinds = { s = 'string', z = 'zset', h = 'hash' }\n"                \
    "for i = 1, #'" types "' do\n"                                            \
    "  local found = redis.call('TYPE', KEYS[i]).ok\n"                        \
    "  if found ~= 'none'\n"                                                  \
    "     and found ~= kinds[string.sub('" types "', i, i)]\n"                \
    "  then\n"                                                                \
    "    redis.call('DEL', KEYS[i])\n"                                        \
    "  end\n"                                                                 \
    "end\n"

/*
 * Whether the breaker forbids to resolve a track: its class and how long, in
 * ms; or nil.  After its time it is half-open: one track is the probe, for as
 * long as somebody says every 3 s that it still is.  Only what is going to be
 * resolved becomes it.
 */

#define VOYO_SCRIPT_BREAKER                                                   \
    "local function breaker(key, id)\n"                                       \
    "  local state = redis.call('HMGET', key, 'class', 'until', 'probe',\n"   \
    "                           'probe_until')\n"                             \
    "  if not state[1] then\n"                                                \
    "    return nil\n"                                                        \
    "  end\n"                                                                 \
    "  local left = tonumber(state[2]) - now\n"                               \
    "  if left > 0 then\n"                                                    \
    "    return state[1], left\n"                                             \
    "  end\n"                                                                 \
    "  if state[3] and state[3] ~= id then\n"                                 \
    "    left = tonumber(state[4]) - now\n"                                   \
    "    if left > 0 then\n"                                                  \
    "      return state[1], left\n"                                           \
    "    end\n"                                                               \
    "  end\n"                                                                 \
    "  return nil\n"                                                          \
    "end\n"                                                                   \
    "local function probe(key, id)\n"                                         \
    "  if redis.call('HEXISTS', key, 'class') == 1 then\n"                    \
    "    redis.call('HSET', key, 'probe', id, 'probe_until',\n"               \
    "               text(now + 3000))\n"                                      \
    "  end\n"                                                                 \
    "end\n"

/* How long until the budget allows one more, in ms; 0: it does now. */

#define VOYO_SCRIPT_BUDGET                                                    \
    "local function wait(key, limit)\n"                                       \
    "  redis.call('ZREMRANGEBYSCORE', key, '-inf', text(now - 3600000))\n"    \
    "  if not limit or redis.call('ZCARD', key) < limit then\n"               \
    "    return 0\n"                                                          \
    "  end\n"                                                                 \
    "  local oldest = redis.call('ZREVRANGE', key, limit - 1, limit - 1,\n"   \
    "                            'WITHSCORES')\n"                             \
    "  return tonumber(oldest[2]) + 3600000 - now\n"                          \
    "end\n"


/* What is played is counted too, and never refused. */

#define VOYO_SCRIPT_COUNT                                                     \
    "local function count(key, name, limit)\n"                                \
    "  redis.call('ZADD', key, text(now), name)\n"                            \
    "  redis.call('ZREMRANGEBYRANK', key, 0, -(limit + 1))\n"                 \
    "  redis.call('PEXPIRE', key, 3600000)\n"                                 \
    "end\n"


const char  voyo_script_want[] =
    VOYO_SCRIPT_HEAL("sssszzzhzh")
    VOYO_SCRIPT_GENERATION
    "local record = redis.call('GET', KEYS[1])\n"
    "if record and generation(record) > tonumber(ARGV[2]) then\n"
    "  return {'record', record}\n"
    "end\n"
    "local failure = redis.call('GET', KEYS[2])\n"
    "if failure then\n"
    "  local left = redis.call('PTTL', KEYS[2])\n"
    "  return {'failure', failure, math.max(math.ceil(left / 1000), 1)}\n"
    "end\n"
    "local id, lane = ARGV[1], ARGV[3]\n"
    "if lane == 'none' then\n"
    "  return {'pending'}\n"
    "end\n"
    VOYO_SCRIPT_NOW
    VOYO_SCRIPT_BREAKER
    VOYO_SCRIPT_BUDGET
    /* a refusal is a failure that nobody keeps */
    "local function refused(class, ms)\n"
    "  local left = math.max(math.ceil(ms / 1000), 1)\n"
    "  return {'failure', string.format('{\"v\":1,\"generation\":1,'\n"
    "    .. '\"id\":\"%s\",\"resolved_at\":%.0f,\"error\":\"%s\",'\n"
    "    .. '\"retry_after\":%.0f}', id, math.floor(now / 1000), class,\n"
    "    left), left}\n"
    "end\n"
    "if redis.call('ZCOUNT', KEYS[7], text(now), '+inf') == 0 then\n"
    "  return {'no_resolver'}\n"
    "end\n"
    "local class, left = breaker(KEYS[8], id)\n"
    "if class then\n"
    "  return refused(class, left)\n"
    "end\n"
    /* somebody waits: a job nobody waits for is dropped when it is popped */
    "if lane == 'play' then\n"
    "  redis.call('SET', KEYS[4], 1, 'PX', 3000)\n"
    "end\n"
    "if redis.call('EXISTS', KEYS[3]) == 1\n"
    "   or redis.call('ZSCORE', KEYS[5], id) then\n"
    "  probe(KEYS[8], id)\n"
    "  return {'pending'}\n"
    "end\n"
    /* above what there is, should that be of a clock that was ahead */
    "local score = text(math.max(now, generation(record)))\n"
    /* a prefetch that is now wanted for play moves over */
    "local queued = redis.call('ZSCORE', KEYS[6], id)\n"
    "if queued then\n"
    "  probe(KEYS[8], id)\n"
    "  if lane == 'play' then\n"
    "    redis.call('ZREM', KEYS[6], id)\n"
    "    redis.call('ZADD', KEYS[5], score, id)\n"
    "  end\n"
    "  return {'pending'}\n"
    "end\n"
    "if lane ~= 'play' then\n"
    "  left = wait(KEYS[9], tonumber(redis.call('HGET', KEYS[10],\n"
    "                                           'budget')))\n"
    "  if left > 0 then\n"
    "    return refused('budget', left)\n"
    "  end\n"
    "end\n"
    "local limit = tonumber(redis.call('HGET', KEYS[10], 'queue'))\n"
    "local others = redis.call('ZCARD', KEYS[6])\n"
    "if limit and redis.call('ZCARD', KEYS[5]) + others >= limit then\n"
    "  if lane ~= 'play' or others == 0 then\n"
    "    return refused('busy', 5000)\n"
    "  end\n"
    "  redis.call('ZPOPMAX', KEYS[6])\n"
    "end\n"
    "probe(KEYS[8], id)\n"
    "redis.call('ZADD', lane == 'play' and KEYS[5] or KEYS[6], score, id)\n"
    "return {'pending'}\n";


const char  voyo_script_take[] =
    VOYO_SCRIPT_HEAL("sshz")
    VOYO_SCRIPT_NOW
    VOYO_SCRIPT_GENERATION
    VOYO_SCRIPT_BREAKER
    VOYO_SCRIPT_BUDGET
    VOYO_SCRIPT_COUNT
    "local id, token, lane = ARGV[1], ARGV[2], ARGV[5]\n"
    "local budget = tonumber(ARGV[6])\n"
    "local current = generation(redis.call('GET', KEYS[1]))\n"
    "local queued = lane == 'play' or lane == 'prefetch'\n"
    /* a generation is the time of its resolve: later than the asking? */
    "if queued and current > tonumber(ARGV[4]) then\n"
    "  return {'fresh'}\n"
    "end\n"
    "if lane == 'play' and redis.call('EXISTS', KEYS[5]) == 0 then\n"
    "  return {'abandoned'}\n"
    "end\n"
    "if redis.call('EXISTS', KEYS[2]) == 1 then\n"
    "  return {'leased'}\n"
    "end\n"
    "if lane == 'prefetch' and wait(KEYS[4], budget) > 0 then\n"
    "  return {'budget'}\n"
    "end\n"
    "if breaker(KEYS[3], id) then\n"
    "  return {'breaker'}\n"
    "end\n"
    "probe(KEYS[3], id)\n"
    "redis.call('SET', KEYS[2], token, 'PX', ARGV[3])\n"
    "count(KEYS[4], token, budget)\n"
    "return {'run', text(math.max(now, current + 1))}\n";


const char  voyo_script_again[] =
    VOYO_SCRIPT_HEAL("hz")
    VOYO_SCRIPT_NOW
    VOYO_SCRIPT_BREAKER
    VOYO_SCRIPT_COUNT
    "if breaker(KEYS[1], ARGV[1]) then\n"
    "  return 0\n"
    "end\n"
    "probe(KEYS[1], ARGV[1])\n"
    "count(KEYS[2], ARGV[2], tonumber(ARGV[3]))\n"
    "return 1\n";


const char  voyo_script_renew[] =
    VOYO_SCRIPT_HEAL("shs")
    VOYO_SCRIPT_NOW
    VOYO_SCRIPT_GENERATION
    "if redis.call('HGET', KEYS[2], 'probe') == ARGV[3] then\n"
    "  redis.call('HSET', KEYS[2], 'probe_until', text(now + 3000))\n"
    "end\n"
    /* one that ran out is taken back, unless it was made good meanwhile */
    "local holder = redis.call('GET', KEYS[1])\n"
    "if not holder and generation(redis.call('GET', KEYS[3]))\n"
    "   < tonumber(ARGV[4])\n"
    "then\n"
    "  holder = ARGV[1]\n"
    "end\n"
    "if holder ~= ARGV[1] then\n"
    "  return 0\n"
    "end\n"
    "redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])\n"
    "return 1\n";


const char  voyo_script_finish[] =
    VOYO_SCRIPT_HEAL("ssszz")
    VOYO_SCRIPT_NOW
    VOYO_SCRIPT_GENERATION
    "local id, kind, life = ARGV[1], ARGV[3], ARGV[5]\n"
    "local state = redis.call('HMGET', KEYS[7], 'until', 'probe', 'count')\n"
    "local probe = state[2] == id\n"
    "local holder = redis.call('GET', KEYS[3])\n"
    "local foreign = holder and holder ~= ARGV[2]\n"
    "local newer = generation(redis.call('GET', KEYS[1]))\n"
    "              > tonumber(ARGV[6])\n"
    "if not foreign then\n"
    "  redis.call('DEL', KEYS[3])\n"
    "end\n"
    /* a late record is one all the same, a late failure is not */
    "if newer and (kind == 'record' or kind == 'failure')\n"
    "   or foreign and kind ~= 'record'\n"
    "then\n"
    "  return 0\n"
    "end\n"
    "if kind == 'drop' then\n"
    "  if probe then\n"
    "    redis.call('HDEL', KEYS[7], 'probe')\n"
    "  end\n"
    "  return 1\n"
    "end\n"
    "if kind == 'global' then\n"
    /* the others that were under way say nothing new */
    "  if not state[1] or probe then\n"
    "    local count = tonumber(state[3]) or 0\n"
    "    local ms = math.min(life * 2 ^ math.min(count, 30), ARGV[9])\n"
    "    ms = ms * 1000\n"
    "    redis.call('HSET', KEYS[7], 'class', ARGV[7], 'until',\n"
    "               text(now + ms), 'count', count + 1)\n"
    "    redis.call('HDEL', KEYS[7], 'probe', 'probe_until')\n"
    "    redis.call('PEXPIRE', KEYS[7], text(ms + 86400000))\n"
    "  end\n"
    "else\n"
    "  if probe and ARGV[8] == '1' then\n"
    "    redis.call('DEL', KEYS[7])\n"
    "  elseif probe then\n"
    "    redis.call('HDEL', KEYS[7], 'probe')\n"
    "  end\n"
    "  if kind == 'record' then\n"
    "    redis.call('SET', KEYS[1], ARGV[4], 'EX', life)\n"
    "    redis.call('DEL', KEYS[2])\n"
    "  else\n"
    "    redis.call('SET', KEYS[2], ARGV[4], 'EX', life)\n"
    "  end\n"
    "end\n"
    "redis.call('ZREM', KEYS[4], id)\n"
    "redis.call('ZREM', KEYS[5], id)\n"
    "redis.call('PUBLISH', KEYS[6], id .. ' '\n"
    "           .. (kind == 'record' and ARGV[6] or '0'))\n"
    "return 1\n";


const char  voyo_script_beat[] =
    "if ARGV[2] == '0' then\n"
    "  redis.call('ZREM', KEYS[1], ARGV[1])\n"
    "  redis.call('DEL', KEYS[2])\n"
    "  return 1\n"
    "end\n"
    VOYO_SCRIPT_HEAL("zsh")
    VOYO_SCRIPT_NOW
    "redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. text(now))\n"
    "redis.call('ZADD', KEYS[1], text(now + ARGV[2]), ARGV[1])\n"
    "redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[2])\n"
    "redis.call('HSET', KEYS[3], 'queue', ARGV[4], 'budget', ARGV[5])\n"
    "redis.call('PEXPIRE', KEYS[3], 86400000)\n"
    "return 1\n";


const char  voyo_script_status[] =
    VOYO_SCRIPT_HEAL("zzhz")
    VOYO_SCRIPT_NOW
    "local state = redis.call('HMGET', KEYS[3], 'class', 'until', 'count')\n"
    "redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', text(now - 3600000))\n"
    "return {redis.call('ZCARD', KEYS[1]), redis.call('ZCARD', KEYS[2]),\n"
    "        redis.call('ZCARD', KEYS[4]), state[1] or '',\n"
    "        state[1] and text(math.max(state[2] - now, 0)) or '0'}\n";


const char  voyo_script_heartbeats[] =
    VOYO_SCRIPT_NOW
    "local beats = {}\n"
    "local names = redis.call('ZRANGEBYSCORE', KEYS[1], text(now), '+inf')\n"
    "for _, name in ipairs(names) do\n"
    "  beats[#beats + 1] = redis.call('GET', ARGV[1] .. name) or '{}'\n"
    "end\n"
    "return beats\n";
