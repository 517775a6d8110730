# A reload loses nothing: the zone, the cache and running responses are kept, and
# changes apply at once.

use lib 't/lib';
use VOYO;

plan 'no_plan';

run_tests();

__DATA__

=== TEST 1: a known track plays after it, without Redis having it
--- cached
HEAD /cdn/stream/dQw4w9WgXcQ
--- reload
--- init
VOYO::redis('DEL', VOYO::key('track:dQw4w9WgXcQ'));
--- bytes: 0-

=== TEST 2: what is cached is not fetched again
--- cached
--- reload
--- bytes: 0-
--- response_headers
Cache-Status: voyo; hit
--- fetched
slices 0 1 2 3

=== TEST 3: a prefetch goes to the new worker's server
--- cached
--- reload
--- request
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true&codec=opus
--- fetched
slices 0 1 2 3
/251 0-1023

=== TEST 4: uptime and counts go on
--- cached
/cdn/stream/dQw4w9WgXcQ?prefetch=nonsense
--- reload
--- resolver
--- request
GET /health
--- response_body_like: "cacheSize":1,.*"prefetch_ignored":1

=== TEST 5: one resolver that lived before the reload has been seen
--- resolver
--- cached
/health
--- reload
--- init
VOYO::redis('DEL', VOYO::key('resolvers'));
--- request
GET /health
--- response_body_like: ^\{"status":"degraded"

=== TEST 6: another codec by default holds after it
--- cached
--- change
voyo_codec aac; => voyo_codec opus;
--- reload
--- bytes: 251 0-

=== TEST 7: hosts that are no longer listed are not asked any more
--- cached
0-0
--- change
voyo_media_hosts http://127.0.0.1:$TEST_NGINX_PORT; => voyo_media_hosts .googlevideo.com;
--- reload
--- more_headers
Range: bytes=0-1023
--- error_code: 206
--- bytes: 0-1023

=== TEST 8: for what is not cached
--- cached
2048-2048
--- change
voyo_media_hosts http://127.0.0.1:$TEST_NGINX_PORT; => voyo_media_hosts .googlevideo.com;
--- reload
--- error_code: 502
--- response_body_like: "code":"host_not_allowed"

=== TEST 9: another size of the zone begins a new one, from Redis
--- cached
--- change
voyo_zone voyo:1m => voyo_zone voyo:2m
--- reload
--- bytes: 0-
--- fetched
slices 0 1 2 3

=== TEST 10: another slice size: two do not mix
--- cached
--- change
slice 1k; => slice 2k;
--- reload
--- bytes: 0-
--- fetched
slices 0 1 2 3
/140 0-2047
/140 2048-3583

=== TEST 11: a configuration that is wrong is not taken, and all goes on
--- cached
--- change
voyo_codec aac; => voyo_codec mp3;
--- reload_is_refused
--- bytes: 0-
--- error_log
[emerg]
invalid value "mp3"

=== TEST 12: the MP4 header's switch is another name of the bytes
--- cached
--- change
voyo_mp4_header on; => voyo_mp4_header off;
--- reload
--- bytes: 0-
--- response_headers
ETag: "dQw4w9WgXcQ.140.1.3584"
--- fetched
slices 0 0 1 1 2 2 3 3

=== TEST 13: URLs of another egress are not used
--- cached
/cdn/stream/dQw4w9WgXcQ 1024-1100
--- change
voyo_egress b => voyo_egress other.b
--- reload
--- request
GET /cdn/stream/dQw4w9WgXcQ
--- error_code: 503
--- response_body_like: "code":"no_resolver"
--- fetched
slices 1

=== TEST 14: but what is cached plays
--- cached
/cdn/stream/dQw4w9WgXcQ 1024-1100
--- change
voyo_egress b => voyo_egress other.b
--- reload
--- more_headers
Range: bytes=1500-1599
--- error_code: 206
--- bytes: 1500-1599
--- fetched
slices 1
