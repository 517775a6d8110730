# /health: load balancers remove a machine, and platforms complete a deploy, by
# its status.  503 is only for VOYO's own parts; a failing source is "degraded",
# or a deploy with the fix could not go live.

use lib 't/lib';
use VOYO;

plan 'no_plan';

run_tests();

__DATA__

=== TEST 1: healthy: each field has its type
--- request
GET /health
--- resolver
{"name":"t","ytdlp_version":"2026.10.26","rss":1000000,"mode":"warm"}
--- response_headers
Content-Type: application/json
Cache-Control: no-store
--- response_body_like chomp
^\{"status":"healthy","uptime":\d+,"memory":\{"rss":\d{7,},"heapUsed":\d+,"heapTotal":1048576\},"cacheSize":0,"version":"\d+\.\d+\.\d+","checks":\{"redis":\{"status":"ok"\},"resolver":\{"status":"ok","count":1\},"ytdlp":\{"status":"ok","version":"2026.10.26"\},"media":\{"status":"ok"\},"cache":\{"status":"ok","used":\d+,"size":104857600\},"zone":\{"status":"ok","tracks":0,"parked":0,"refreshed_expired":0,"refreshed_early":0,"refreshed_other":0,"prefetch_ignored":0\},"clients":\{"status":"ok"\}\}\}\n$

=== TEST 2: no resolver since the start
--- request
GET /health
--- error_code: 503
--- response_body_like: ^\{"status":"unhealthy".*"redis":\{"status":"ok"\},"resolver":\{"status":"failed","count":0\},"ytdlp":\{"status":"unknown"\}

=== TEST 3: a resolver whose heartbeat has expired
--- request
GET /health
--- redis
ZADD @resolvers 1000 dead
SET @resolver:dead {"name":"dead","ytdlp_version":"2026.10.26"}
--- error_code: 503
--- response_body_like: "resolver":\{"status":"failed","count":0\}

=== TEST 4: no Redis and nothing in the zone
--- request
GET /health
--- redis
none
--- error_code: 503
--- response_body_like: ^\{"status":"unhealthy".*"redis":\{"status":"failed"\},"resolver":\{"status":"unknown"\},"ytdlp":\{"status":"unknown"\}

=== TEST 5: no resolver now, but one since the start
--- resolver
--- cached
/health
--- init
VOYO::redis('DEL', VOYO::key('resolvers'));
--- request
GET /health
--- response_body_like: ^\{"status":"degraded".*"resolver":\{"status":"failed","count":0\}

=== TEST 6: two resolvers, and the first one's version
--- request
GET /health
--- resolver
{"name":"a","ytdlp_version":"2026.10.26"}
{"name":"b","ytdlp_version":"2026.11.01"}
--- response_body_like: "resolver":\{"status":"ok","count":2\},"ytdlp":\{"status":"ok","version":"2026.10.26"\}

=== TEST 7: the breaker is open
--- request
GET /health
--- resolver
{"name":"t","ytdlp_version":"2026.10.26","breaker":{"state":"open","class":"bot_check","left":500}}
--- response_body_like: ^\{"status":"degraded".*"ytdlp":\{"status":"failed","version":"2026.10.26","breaker":\{"state":"open","class":"bot_check","left":500\}\}

=== TEST 8: the canary failed
--- request
GET /health
--- resolver
{"name":"t","ytdlp_version":"2026.10.26","canary":{"result":"forbidden"}}
--- response_body_like: ^\{"status":"degraded".*"canary":"forbidden"

=== TEST 9: the canary succeeded, or has not run yet
--- request
GET /health
--- resolver
{"name":"a","canary":{"result":"ok"}}
{"name":"b","canary":{"result":"pending"}}
--- response_body_like: ^\{"status":"healthy"

=== TEST 10: yt-dlp is cold
--- request
GET /health
--- resolver
{"name":"t","mode":"cold"}
--- response_body_like: ^\{"status":"degraded".*"mode":"cold"

=== TEST 11: each yt-dlp that starts is killed
--- request
GET /health
--- resolver
{"name":"t","mode":"down"}
--- response_body_like: ^\{"status":"degraded".*"mode":"down"

=== TEST 12: the client is refused
--- request
GET /health
--- resolver
{"name":"t","javascript":"none","client_refused":true}
--- response_body_like: ^\{"status":"degraded".*"ytdlp":\{"status":"failed","javascript":"none","client_refused":true\}

=== TEST 13: an invalid heartbeat counts as an empty one
--- request
GET /health
--- resolver
[1,2
--- response_body_like: ^\{"status":"healthy".*"resolver":\{"status":"ok","count":1\}

=== TEST 14: a heartbeat with values of other types
--- request
GET /health
--- resolver
{"name":1,"ytdlp_version":[],"rss":"x","breaker":"open","canary":7,"mode":{},"javascript":0,"client_refused":"x"}
--- response_body_like: ^\{"status":"healthy"

=== TEST 15: tracks are counted
--- request
GET /health
--- resolver
--- cached
HEAD /cdn/stream/dQw4w9WgXcQ
--- response_body_like: "cacheSize":1,.*"tracks":1,

=== TEST 16: a URL that was refused early
--- request
GET /health
--- record
140 aac 129500 3584 /dead
--- resolves
140 aac 129500 3584 /140
--- media
location = /dead { return 403; }
--- cached
--- response_body_like: "refreshed_expired":0,"refreshed_early":1,"refreshed_other":0

=== TEST 17: a URL that has expired
--- request
GET /health
--- record
140 aac 129500 3584 /140 expires=100
--- resolves
140 aac 129500 3584 /140
--- cached
--- response_body_like: "refreshed_expired":1,"refreshed_early":0,"refreshed_other":0

=== TEST 18: a URL that failed for another reason
--- request
GET /health
--- record
140 aac 129500 3584 /dead
--- resolves
140 aac 129500 3584 /140
--- media
location = /dead { return 500; }
--- cached
--- response_body_like: "refreshed_expired":0,"refreshed_early":0,"refreshed_other":1

=== TEST 19: the bytes of cached slices
--- request
GET /health
--- resolver
--- cached
--- response_body_like: "cache":\{"status":"ok","used":[1-9]\d+,"size":104857600\}

=== TEST 20: the check fails without a cache
--- http_config
--- config
location = /t { voyo_health; }
--- error_code: 503
--- response_body_like: "cache":\{"status":"failed"

=== TEST 21: /health/live is healthy regardless
--- request
GET /health/live
--- redis
none
--- response_headers
Content-Type: application/json
--- response_body
{"status":"healthy"}

=== TEST 22: a cache without room: tracks play, and each slice is fetched again
--- request
GET /health
--- resolver
--- settings
CACHE_MIN_FREE 1000000g
--- response_body_like: ^\{"status":"degraded".*"cache":\{"status":"failed","used":0,"size":104857600\}

=== TEST 23: a cache whose directory was removed
--- request
GET /health
--- resolver
--- init
File::Path::remove_tree("$ENV{TEST_NGINX_HOME}/cache");
--- response_body_like: ^\{"status":"degraded".*"cache":\{"status":"failed"

=== TEST 24: the source does not answer about any track
--- request
GET /health
--- resolver
{"name":"t","ytdlp_version":"2026.10.26","failing":{"class":"network","tracks":3}}
--- response_body_like: ^\{"status":"degraded".*"ytdlp":\{"status":"failed","version":"2026.10.26","failing":\{"class":"network","tracks":3\}\}

=== TEST 25: no slice of three tracks can be fetched
--- request
GET /health
--- record
track dead0000001
140 aac 129500 3584 /dead
track dead0000002
140 aac 129500 3584 /dead
track dead0000003
140 aac 129500 3584 /dead
--- media
location = /dead { return 500; }
--- resolver
--- failure
network 60 dead0000001
network 60 dead0000002
network 60 dead0000003
--- cached
/cdn/stream/dead0000001
/cdn/stream/dead0000002
/cdn/stream/dead0000002
/cdn/stream/dead0000003
--- response_body_like: ^\{"status":"degraded".*"media":\{"status":"failed","tracks":3\}

=== TEST 26: one track that fails three times is no reason
--- request
GET /health
--- record
140 aac 129500 3584 /dead
--- media
location = /dead { return 500; }
--- resolver
--- failure
network
--- cached


/cdn/stream/dQw4w9WgXcQ
--- response_body_like: ^\{"status":"healthy".*"media":\{"status":"ok"\}

=== TEST 27: a track that plays ends the series of failures
--- request
GET /health
--- record
track dead0000001
140 aac 129500 3584 /dead
track dead0000002
140 aac 129500 3584 /dead
track dead0000003
140 aac 129500 3584 /dead
track alive000001
140 aac 129500 3584 /140
--- media
location = /dead { return 500; }
--- resolver
--- failure
network 60 dead0000001
network 60 dead0000002
network 60 dead0000003
--- cached
/cdn/stream/dead0000001
/cdn/stream/dead0000002
/cdn/stream/dead0000003
/cdn/stream/alive000001
--- response_body_like: ^\{"status":"healthy".*"media":\{"status":"ok"\}

=== TEST 28: the cache is the one of voyo_stream, not the first
--- request
GET /health
--- http_config
proxy_cache_path $TEST_NGINX_HOME/other keys_zone=other:1m max_size=7m;
--- resolver
--- cached
--- response_body_like: "cache":\{"status":"ok","used":[1-9]\d+,"size":104857600\}

=== TEST 29: the number of dropped log lines
--- request
GET /health
--- resolver
--- init
VOYO::write_file("$ENV{TEST_NGINX_HOME}/run/dropped", "17\n");
--- response_body_like: ^\{"status":"healthy".*"log":\{"status":"ok","dropped":17\}
