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

=== TEST 2: then it plays from the cache
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

=== TEST 3: "1" is as good
--- request
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=1
--- fetched
slices 0

=== TEST 4: its quality and codec count
--- request
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true&quality=low&codec=opus
--- response_headers
Content-Type: audio/webm
--- fetched
/251 0-1023

=== TEST 5: a second one costs nothing
--- cached
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true
--- request
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true
--- fetched
slices 0

=== TEST 6: a track that is not known goes by the lane for prefetches
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

=== TEST 7: without it nothing is fetched
--- request
HEAD /cdn/stream/dQw4w9WgXcQ
--- fetched

=== TEST 8: what is neither an id nor true
--- request
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=yes
--- error_code: 400
--- fetched

=== TEST 9: a failure of the track is told
--- record
--- failure
private 100
--- resolver
--- request
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true
--- error_code: 404
--- fetched

=== TEST 10: of the source, with when to come again
--- record
140 aac 129500 3584 /dead
--- media
location = /dead { return 403; }
--- request
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true
--- error_code: 503
--- response_headers
Retry-After: 5

=== TEST 11: of the budget
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

=== TEST 12: the queue is full
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

=== TEST 13: a listener's limit counts it
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

=== TEST 15: in its own quality and codec
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

=== TEST 16: by its other spelling
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

=== TEST 17: not for a range above 0, which goes on
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

=== TEST 18: a value that is none is ignored
--- request
GET /cdn/stream/dQw4w9WgXcQ?prefetch=nonsense
--- bytes: 0-
--- fetched
slices 0 1 2 3

=== TEST 19: and counted
--- cached
/cdn/stream/dQw4w9WgXcQ?prefetch=nonsense
--- request
GET /health
--- resolver
--- response_body_like: "prefetch_ignored":1

=== TEST 20: one that fails does not matter
--- request
GET /cdn/stream/dQw4w9WgXcQ?prefetch=aaaaaaaaaaa
--- bytes: 0-

=== TEST 21: of itself it says nothing new
--- request
GET /cdn/stream/dQw4w9WgXcQ?prefetch=dQw4w9WgXcQ
--- bytes: 0-
--- fetched
slices 0 1 2 3

=== TEST 22: without voyo_fill it is ignored
--- replace
voyo_fill unix:@HOME@/run/fill.sock:/fill/; =>
--- request
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true
--- response_headers
Content-Length: 3584
--- fetched

=== TEST 23: one beside a range above 0 is counted as ignored
--- cached
/cdn/stream/dQw4w9WgXcQ?prefetch=aaaaaaaaaaa 1500-1599
--- request
GET /health
--- resolver
--- response_body_like: "prefetch_ignored":1

=== TEST 24: at another path
--- replace
voyo_fill unix:@HOME@/run/fill.sock:/fill/; => voyo_fill unix:@HOME@/run/fill.sock:/f/;
location ^~ /fill/ { => location ^~ /f/ {
location = /fill/ { => location = /f/ {
--- request
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true
--- bytes: none
--- fetched
slices 0
