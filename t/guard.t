# The guard: if a later slice is not a complete 206, the connection is closed, so
# that the client has a correct prefix.  Without it nginx continues after a short
# slice, and puts an error page into the audio (docs/upstream.md, N16, N17).

use lib 't/lib';
use VOYO;

plan 'no_plan';

run_tests();

__DATA__

=== TEST 1: a later slice that is short in the cache
--- cached
--- init
VOYO::damage('bytes=1024-2047', -100);
--- bytes: 0-
--- cut: 1024
--- says
slice has 924 bytes instead of 1024, the connection is closed

=== TEST 2: the next request fetches it again
--- cached
--- init
VOYO::damage('bytes=1024-2047', -100); VOYO::ask('');
--- bytes: 0-
--- fetched
slices 0 1 1 2 3

=== TEST 3: the last slice
--- cached
--- init
VOYO::damage('bytes=3072-4095', -1);
--- bytes: 0-
--- cut: 1024
--- says
slice has 511 bytes instead of 512

=== TEST 4: the only slice of a range
--- cached
--- init
VOYO::damage('bytes=1024-2047', -100);
--- more_headers
Range: bytes=1024-2047
--- error_code: 206
--- response_headers
Content-Length: 1024
--- bytes: 1024-2047
--- cut: 0
--- says
slice has 924 bytes instead of 1024

=== TEST 5: a slice that is too long in the cache
--- cached
--- init
VOYO::damage('bytes=1024-2047', 50);
--- bytes: 0-
--- cut: 1024
--- says
slice has 1074 bytes instead of 1024

=== TEST 6: an error_page of the operator's, which answers 200
--- replace
error_page 400 401 403 404 410 451 500 502 503 504 @again; => error_page 500 502 503 504 /broken;
--- edge
location = /broken { internal; return 200 "this is no audio, and as long as a page of an error may be"; }
--- media
location = /140 {
    if ($http_range = "bytes=2048-3071") { return 500; }
    root $TEST_NGINX_HOME/media;
}
--- bytes: 0-
--- cut: 1024
--- says
slice was answered with 503 in mid-track, the connection is closed

=== TEST 7: the response of a mirror subrequest is not checked
--- edge
location = /mirror { internal; return 200 "x"; }
--- location
mirror /mirror;
--- bytes: 0-

=== TEST 8: the response of an auth_request subrequest is not checked
--- edge
location = /auth { internal; return 200 "x"; }
--- location
auth_request /auth;
--- bytes: 0-

=== TEST 9: a media host's body that breaks off
--- record
track aaaaaaaaaaa
300 aac 1 200 /300
track dQw4w9WgXcQ
140 aac 129500 3584 /140
--- media
location = /140 {
    if ($http_range = "bytes=1024-2047") { rewrite ^ /short last; }
    root $TEST_NGINX_HOME/media;
}
location = /short {
    access_log off;
    postpone_output 0;
    limit_rate 1;
    limit_rate_after 300;
    send_timeout 1;
    alias $TEST_NGINX_HOME/media/140;
}
--- replace
proxy_read_timeout 10s; => proxy_read_timeout 300ms;
--- bytes: 0-
--- cut: 1024
--- says
upstream prematurely closed connection
