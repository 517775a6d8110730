# A reload loses nothing: the zone, the cache and running responses are kept, and
# changes apply at once.

use lib 't/lib';
use VOYO;

plan 'no_plan';

run_tests();

__DATA__

=== TEST 1: a known track plays after a reload, although Redis lacks it
--- cached
HEAD /cdn/stream/dQw4w9WgXcQ
--- reload
--- init
VOYO::redis('DEL', VOYO::key('track:dQw4w9WgXcQ'));
--- bytes: 0-

=== TEST 2: cached slices are not fetched again
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

=== TEST 4: uptime and counters continue
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

=== TEST 6: another default codec applies after a reload
--- cached
--- change
voyo_codec aac; => voyo_codec opus;
--- reload
--- bytes: 251 0-

=== TEST 7: a host that is no longer listed is not contacted
--- cached
0-0
--- change
voyo_media_hosts http://127.0.0.1:$TEST_NGINX_PORT; => voyo_media_hosts .googlevideo.com;
--- reload
--- more_headers
Range: bytes=0-1023
--- error_code: 206
--- bytes: 0-1023

=== TEST 8: slices that are not cached
--- cached
2048-2048
--- change
voyo_media_hosts http://127.0.0.1:$TEST_NGINX_PORT; => voyo_media_hosts .googlevideo.com;
--- reload
--- error_code: 502
--- response_body_like: "code":"host_not_allowed"

=== TEST 9: another size starts a new zone, filled from Redis
--- cached
--- change
voyo_zone voyo:1m => voyo_zone voyo:2m
--- reload
--- bytes: 0-
--- fetched
slices 0 1 2 3

=== TEST 10: another slice size: the two are not mixed
--- cached
--- change
slice 1k; => slice 2k;
--- reload
--- bytes: 0-
--- fetched
slices 0 1 2 3
/140 0-2047
/140 2048-3583

=== TEST 11: an invalid configuration is refused, and the old one stays
--- cached
--- change
voyo_codec aac; => voyo_codec mp3;
--- reload_is_refused
--- bytes: 0-
--- error_log
[emerg]
invalid value "mp3"

=== TEST 12: voyo_mp4_header changes the ETag
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

=== TEST 14: cached slices play under another egress
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
