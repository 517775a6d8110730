# The zone holds the tracks known to all workers, so that playback continues
# while Redis is unavailable, and known tracks need no request to Redis.

use lib 't/lib';
use VOYO;

plan 'no_plan';

run_tests();

__DATA__

=== TEST 1: a known track is not requested again
--- cached
HEAD /cdn/stream/dQw4w9WgXcQ
--- init
VOYO::redis('DEL', VOYO::key('track:dQw4w9WgXcQ'));
--- bytes: 0-

=== TEST 2: a known track in another format
--- cached
HEAD /cdn/stream/dQw4w9WgXcQ
--- init
VOYO::redis('DEL', VOYO::key('track:dQw4w9WgXcQ'));
--- request
GET /cdn/stream/dQw4w9WgXcQ?codec=opus
--- bytes: 251 0-

=== TEST 3: without Redis known tracks play, cached or not
--- cached
0-0
--- init
VOYO::redis_goes();
--- bytes: 0-
--- fetched
slices 0 1 2 3

=== TEST 4: track information needs Redis
--- cached
--- init
VOYO::redis_goes();
--- request
GET /cdn/track/dQw4w9WgXcQ
--- error_code: 503
--- response_body_like: "code":"redis_unavailable"

=== TEST 5: an unknown track needs Redis
--- cached
--- init
VOYO::redis_goes();
--- request
GET /cdn/stream/aaaaaaaaaaa
--- error_code: 503
--- response_body_like: "code":"redis_unavailable"

=== TEST 6: Redis comes back: the worker reconnects
--- cached
--- init
VOYO::redis_goes(); VOYO::redis_comes();
--- request
GET /cdn/track/dQw4w9WgXcQ
--- error_code: 503
--- response_body_like: "code":"no_resolver"

=== TEST 7: an inactive track is removed
--- replace
inactive=30m => inactive=1s
--- cached
HEAD /cdn/stream/dQw4w9WgXcQ
--- init
VOYO::redis('DEL', VOYO::key('track:dQw4w9WgXcQ')); Time::HiRes::sleep(2.1);
--- error_code: 503
--- response_body_like: "code":"no_resolver"

=== TEST 8: an active track is kept
--- replace
inactive=30m => inactive=1h
--- cached
HEAD /cdn/stream/dQw4w9WgXcQ
--- init
VOYO::redis('DEL', VOYO::key('track:dQw4w9WgXcQ'));
--- bytes: 0-

=== TEST 9: an event with a newer record
--- cached
HEAD /cdn/stream/dQw4w9WgXcQ
--- init
VOYO::publish("140 aac 129500 3584 /140 lmt=2", 5);
--- request
HEAD /cdn/stream/dQw4w9WgXcQ
--- response_headers
ETag: "dQw4w9WgXcQ.140.2.3584.m1"

=== TEST 10: an older record does not replace a newer one
--- record
track dQw4w9WgXcQ generation=9
140 aac 129500 3584 /140
--- cached
HEAD /cdn/stream/dQw4w9WgXcQ
--- init
VOYO::publish("140 aac 129500 3584 /140 lmt=2", 5);
--- request
HEAD /cdn/stream/dQw4w9WgXcQ
--- response_headers
ETag: "dQw4w9WgXcQ.140.1.3584.m1"

=== TEST 11: an event for an unknown track does not fetch its record
--- record
--- init
VOYO::publish("140 aac 129500 3584 /140", 5);
--- request
GET /health
--- resolver
--- response_body_like: "cacheSize":0

=== TEST 12: a small zone forgets the oldest tracks, not the newest
--- settings
ZONE_SIZE 64k
--- init
VOYO::many(120);
--- request eval: ["HEAD /cdn/stream/track000119", "HEAD /cdn/stream/track000000"]
--- error_code eval: [200, 503]

=== TEST 13: a small zone never fails a request
--- settings
ZONE_SIZE 64k
--- init
VOYO::many(120);
--- bytes: 0-
