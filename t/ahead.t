# Reading ahead: the next slices are cached before a client requests them, so it
# does not wait for the source at each boundary; others are not fetched.

use lib 't/lib';
use VOYO;

plan 'no_plan';

run_tests();

__DATA__

=== TEST 1: a fill for each slice after the first, which requests its first byte
--- settings
AHEAD 4
ACCESS_LOG off
--- http_config
log_format own '$request_method $uri $http_range $http_if_match';
--- replace
location ^~ /fill/ { => location ^~ /fill/ { access_log $TEST_NGINX_HOME/access.log own;
--- bytes: 0-
--- logged
HEAD /fill/dQw4w9WgXcQ bytes=1024-1024 \x22dQw4w9WgXcQ.140.1.3584.m1\x22
HEAD /fill/dQw4w9WgXcQ bytes=2048-2048 \x22dQw4w9WgXcQ.140.1.3584.m1\x22
HEAD /fill/dQw4w9WgXcQ bytes=3072-3072 \x22dQw4w9WgXcQ.140.1.3584.m1\x22
--- fetched
slices 0 1 2 3

=== TEST 2: each slice is fetched once, whichever request needs it first
--- settings
AHEAD 4
--- bytes: 0-
--- fetched
slices 0 1 2 3

=== TEST 3: a track of a hundred slices
--- settings
AHEAD 4
--- record
140 aac 129500 102400 /140
--- bytes: 0-

=== TEST 4: nothing beyond the requested range
--- settings
AHEAD 16
--- more_headers
Range: bytes=0-99
--- error_code: 206
--- bytes: 0-99
--- fetched
slices 0

=== TEST 5: up to the end of the range
--- settings
AHEAD 16
--- more_headers
Range: bytes=0-1100
--- error_code: 206
--- bytes: 0-1100
--- fetched
slices 0 1

=== TEST 6: reading ahead starts at a cached slice too
--- settings
AHEAD 4
--- cached
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true
--- bytes: 0-
--- fetched
slices 0 1 2 3

=== TEST 7: cached slices are not fetched again
--- settings
AHEAD 4
--- cached
--- bytes: 0-
--- fetched
slices 0 1 2 3

=== TEST 8: a slice that cannot be read ahead is fetched for the client
--- settings
AHEAD 4
--- media
location = /140 {
    if ($http_range != "bytes=1024-2047") { rewrite ^ /right last; }
    limit_req zone=latch;
    error_page 503 = @right;
    proxy_pass http://127.0.0.1:$server_port/wrong;
}
location @right { root $TEST_NGINX_HOME/media; }
location = /right { access_log off; alias $TEST_NGINX_HOME/media/140; }
location = /wrong { access_log off; return 403; }
--- resolves
140 aac 129500 3584 /140
--- bytes: 0-

=== TEST 9: one slice for a client that reads nothing
--- settings
AHEAD 4
--- record
140 aac 129500 8000000 /140
--- replace
slice 1k; => slice 64k;
--- unread: 16
--- request
GET /health/live
--- response_body
{"status":"healthy"}

=== TEST 10: with $slice_range in the key nothing is read ahead, and the track plays
--- settings
AHEAD 4
--- replace
proxy_cache_key $voyo_representation$voyo_slice; => proxy_cache_key $voyo_representation$slice_range;
--- bytes: 0-
--- fetched
slices 0 1 2 3
