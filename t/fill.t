# Prefetch: the next track starts at once instead of waiting for the source.
# HEAD with prefetch=true waits for the record and the first slice; GET never
# waits for its prefetch, and never fails because of it.

use lib 't/lib';
use VOYO;

plan 'no_plan';

run_tests();

__DATA__

=== TEST 1: a HEAD makes a track warm: its first slice, and no other
--- request
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true
--- response_headers
Cache-Control: no-store
Content-Length: 3584
ETag: "dQw4w9WgXcQ.140.1.3584.m1"
--- fetched
slices 0

=== TEST 2: a warm track plays from the cache
--- cached
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true
--- more_headers
Range: bytes=0-1023
--- error_code: 206
--- bytes: 0-1023
--- response_headers
Cache-Status: voyo; hit
--- fetched
slices 0

=== TEST 3: prefetch=1 is prefetch=true
--- request
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=1
--- fetched
slices 0

=== TEST 4: a prefetch in a quality and a codec
--- request
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true&quality=low&codec=opus
--- response_headers
Content-Type: audio/webm
--- fetched
/251 0-1023

=== TEST 5: a second prefetch fetches nothing
--- cached
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true
--- request
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true
--- fetched
slices 0

=== TEST 6: an unknown track is queued in the prefetch lane
--- record
--- resolves
140 aac 129500 3584 /140
--- request
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true
--- response_headers
Content-Length: 3584
--- asked
prefetch dQw4w9WgXcQ
--- fetched
slices 0

=== TEST 7: HEAD without prefetch fetches nothing
--- request
HEAD /cdn/stream/dQw4w9WgXcQ
--- fetched

=== TEST 8: a value that is neither an id nor true
--- request
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=yes
--- error_code: 400
--- fetched

=== TEST 9: a failure of the track is reported
--- record
--- failure
private 100
--- resolver
--- request
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true
--- error_code: 404
--- fetched

=== TEST 10: a failure of the source, with Retry-After
--- record
140 aac 129500 3584 /dead
--- media
location = /dead { return 403; }
--- request
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true
--- error_code: 503
--- response_headers
Retry-After: 5

=== TEST 11: an exhausted budget
--- record
--- resolver
--- redis
HSET @limits budget 1
ZADD @budget now+0 x
--- request
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true
--- error_code: 503
--- response_headers_like
Retry-After: 3[56]\d\d

=== TEST 12: a full queue
--- record
--- resolver
--- redis
HSET @limits queue 1
ZADD @jobs:play 1 aaaaaaaaaaa
--- request
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true
--- error_code: 503
--- response_headers
Retry-After: 5

=== TEST 13: a prefetch counts against the client's limit
--- settings
LIMIT_ZONE limit_req_zone $voyo_cold_key zone=voyo_cold:1m rate=1r/m; limit_req_status 429; limit_req_log_level notice;
LIMIT limit_req zone=voyo_cold nodelay; error_page 429 = @limited;
--- record
track aaaaaaaaaaa
140 aac 129500 3584 /140
track dQw4w9WgXcQ
140 aac 129500 3584 /140
--- cached
HEAD /cdn/stream/aaaaaaaaaaa?prefetch=true
--- request
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true
--- error_code: 429
--- response_headers
Retry-After: 5

=== TEST 14: a GET prefetches another
--- record
track aaaaaaaaaaa
300 aac 129500 2000 /300
track dQw4w9WgXcQ
140 aac 129500 3584 /140
--- request
GET /cdn/stream/dQw4w9WgXcQ?prefetch=aaaaaaaaaaa
--- bytes: 0-
--- fetched
slices 0 1 2 3
/300 0-1023

=== TEST 15: a GET prefetches in its own quality and codec
--- record
track aaaaaaaaaaa
300 aac 129500 2000 /300
301 opus 129500 2000 /301
track dQw4w9WgXcQ
140 aac 129500 3584 /140
251 opus 129500 3584 /251
--- request
GET /cdn/stream/dQw4w9WgXcQ?prefetch=aaaaaaaaaaa&codec=opus
--- bytes: 251 0-
--- fetched
/251 0-1023
/251 1024-2047
/251 2048-3071
/251 3072-3583
/301 0-1023

=== TEST 16: a GET prefetches the other form of an id
--- record
track dQw4w9WgXcQ
140 aac 129500 3584 /140
track aaaaaaaaaaa
300 aac 129500 2000 /300
--- request
GET /cdn/stream/aaaaaaaaaaa?prefetch=vyo_ZFF3NHc5V2dYY1E
--- bytes: 300 0-
--- fetched
/300 0-1023
/300 1024-1999
slices 0

=== TEST 17: a range that starts above 0 prefetches nothing
--- record
track aaaaaaaaaaa
300 aac 129500 2000 /300
track dQw4w9WgXcQ
140 aac 129500 3584 /140
--- request
GET /cdn/stream/dQw4w9WgXcQ?prefetch=aaaaaaaaaaa
--- more_headers
Range: bytes=1500-1599
--- error_code: 206
--- bytes: 1500-1599
--- fetched
slices 1

=== TEST 18: an invalid value is ignored
--- request
GET /cdn/stream/dQw4w9WgXcQ?prefetch=nonsense
--- bytes: 0-
--- fetched
slices 0 1 2 3

=== TEST 19: an invalid value is counted
--- cached
/cdn/stream/dQw4w9WgXcQ?prefetch=nonsense
--- request
GET /health
--- resolver
--- response_body_like: "prefetch_ignored":1

=== TEST 20: a prefetch that fails does not affect the response
--- request
GET /cdn/stream/dQw4w9WgXcQ?prefetch=aaaaaaaaaaa
--- bytes: 0-

=== TEST 21: a prefetch of the track itself
--- request
GET /cdn/stream/dQw4w9WgXcQ?prefetch=dQw4w9WgXcQ
--- bytes: 0-
--- fetched
slices 0 1 2 3

=== TEST 22: prefetch is ignored without voyo_fill
--- replace
voyo_fill unix:@HOME@/run/fill.sock:/fill/; =>
--- request
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true
--- response_headers
Content-Length: 3584
--- fetched

=== TEST 23: a prefetch with a range above 0 is counted as ignored
--- cached
/cdn/stream/dQw4w9WgXcQ?prefetch=aaaaaaaaaaa 1500-1599
--- request
GET /health
--- resolver
--- response_body_like: "prefetch_ignored":1

=== TEST 24: voyo_fill with another path
--- replace
voyo_fill unix:@HOME@/run/fill.sock:/fill/; => voyo_fill unix:@HOME@/run/fill.sock:/f/;
location ^~ /fill/ { => location ^~ /f/ {
location = /fill/ { => location = /f/ {
--- request
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true
--- bytes: none
--- fetched
slices 0

=== TEST 25: what is on disk needs no fill
--- replace
voyo_fill unix:@HOME@/run/fill.sock:/fill/; => voyo_fill unix:@HOME@/run/none.sock:/fill/;
--- cached

--- request
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true
--- response_headers
Content-Length: 3584
Cache-Control: no-store
--- fetched
slices 0 1 2 3

=== TEST 26: a slice whose file is gone is fetched again
--- cached

--- init
File::Path::remove_tree("$ENV{TEST_NGINX_HOME}/cache", { keep_root => 1 });
--- request
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true
--- fetched
slices 0 1 2 3
slices 0

=== TEST 27: another quality is not on disk
--- record
139 aac 48000 3584 /139
140 aac 129500 3584 /140
--- cached

--- request
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true&quality=low
--- fetched
slices 0 1 2 3
/139 0-1023

=== TEST 28: with another key it is found by a fill
--- replace
proxy_cache_key $voyo_representation$voyo_slice; => proxy_cache_key "x$voyo_representation$voyo_slice";
--- cached

--- request
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true
--- response_headers
Content-Length: 3584
--- fetched
slices 0 1 2 3
