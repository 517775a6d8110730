
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
    "local now = time[1] * 1000 + math.floor(time[2] / 1000)\n"

#define VOYO_SCRIPT_GENERATION                                                \
    "local function generation(record)\n"                                     \
    "  return tonumber(record and string.match(record,\n"                     \
    "    '^{\"v\":1,\"generation\":(%d+)')) or 0\n"                           \
    "end\n"


const char  voyo_script_want[] =
    VOYO_SCRIPT_GENERATION
    "local record = redis.call('GET', KEYS[1])\n"
    "if record and generation(record) > tonumber(ARGV[2]) then\n"
    "  return {'record', record}\n"
    "end\n"
    "local failure = redis.call('GET', KEYS[2])\n"
    "if failure then\n"
    "  return {'failure', failure}\n"
    "end\n"
    "local lane = ARGV[3]\n"
    "if lane == 'none' then\n"
    "  return {'pending'}\n"
    "end\n"
    VOYO_SCRIPT_NOW
    "if redis.call('ZCOUNT', KEYS[7], now, '+inf') == 0 then\n"
    "  return {'no_resolver'}\n"
    "end\n"
    /* somebody waits: a job nobody waits for is dropped when it is popped */
    "if lane == 'play' then\n"
    "  redis.call('SET', KEYS[4], 1, 'PX', 3000)\n"
    "end\n"
    "if redis.call('EXISTS', KEYS[3]) == 1\n"
    "   or redis.call('ZSCORE', KEYS[5], ARGV[1]) then\n"
    "  return {'pending'}\n"
    "end\n"
    /* a prefetch that is now wanted for play moves over */
    "if lane == 'play' then\n"
    "  redis.call('ZREM', KEYS[6], ARGV[1])\n"
    "  redis.call('ZADD', KEYS[5], string.format('%.0f', now), ARGV[1])\n"
    "else\n"
    "  redis.call('ZADD', KEYS[6], 'NX', string.format('%.0f', now),\n"
    "             ARGV[1])\n"
    "end\n"
    "return {'pending'}\n";


const char  voyo_script_take[] =
    VOYO_SCRIPT_GENERATION
    "local current = generation(redis.call('GET', KEYS[1]))\n"
    /* a generation is the time of its resolve: later than the asking? */
    "if current > tonumber(ARGV[3]) then\n"
    "  return {'fresh'}\n"
    "end\n"
    "if ARGV[4] == 'play' and redis.call('EXISTS', KEYS[3]) == 0 then\n"
    "  return {'abandoned'}\n"
    "end\n"
    "if not redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then\n"
    "  return {'leased'}\n"
    "end\n"
    "return {'run', string.format('%.0f', current)}\n";


const char  voyo_script_renew[] =
    "if redis.call('GET', KEYS[1]) ~= ARGV[1] then\n"
    "  return 0\n"
    "end\n"
    "return redis.call('PEXPIRE', KEYS[1], ARGV[2])\n";


const char  voyo_script_finish[] =
    "local holder = redis.call('GET', KEYS[3])\n"
    "if holder and holder ~= ARGV[2] then\n"
    "  return 0\n"
    "end\n"
    "redis.call('DEL', KEYS[3])\n"
    "local kind = ARGV[3]\n"
    "if kind == 'drop' then\n"
    "  return 1\n"
    "end\n"
    "if kind == 'record' then\n"
    "  redis.call('SET', KEYS[1], ARGV[4], 'EX', ARGV[5])\n"
    "  redis.call('DEL', KEYS[2])\n"
    "else\n"
    "  redis.call('SET', KEYS[2], ARGV[4], 'EX', ARGV[5])\n"
    "end\n"
    "redis.call('ZREM', KEYS[4], ARGV[1])\n"
    "redis.call('ZREM', KEYS[5], ARGV[1])\n"
    "redis.call('PUBLISH', KEYS[6], ARGV[1] .. ' '\n"
    "           .. (kind == 'record' and ARGV[6] or '0'))\n"
    "return 1\n";


const char  voyo_script_beat[] =
    "if ARGV[2] == '0' then\n"
    "  redis.call('ZREM', KEYS[1], ARGV[1])\n"
    "  redis.call('DEL', KEYS[2])\n"
    "  return 1\n"
    "end\n"
    VOYO_SCRIPT_NOW
    "redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf',\n"
    "           '(' .. string.format('%.0f', now))\n"
    "redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[2]),\n"
    "           ARGV[1])\n"
    "redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[2])\n"
    "return 1\n";


const char  voyo_script_heartbeats[] =
    VOYO_SCRIPT_NOW
    "local beats = {}\n"
    "local names = redis.call('ZRANGEBYSCORE', KEYS[1],\n"
    "                         string.format('%.0f', now), '+inf')\n"
    "for _, name in ipairs(names) do\n"
    "  beats[#beats + 1] = redis.call('GET', ARGV[1] .. name) or '{}'\n"
    "end\n"
    "return beats\n";
