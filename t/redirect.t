# One range in six is redirected to a sibling host (docs/upstream.md, G4).  The
# origin follows the redirect, so clients never see it, but only a few times, and
# only to hosts that a record may name.

use lib 't/lib';
use VOYO;

plan 'no_plan';

table(<<'BLOCK', <<'ROWS');
a {status} is followed
--- record
140 aac 129500 3584 /from
--- media
location = /from { return {status} http://127.0.0.1:$server_port/140; }
--- bytes: 0-
--- fetched
/from 0-1023
slices 0 1 2 3
BLOCK
status
301
302
303
307
308
ROWS

run_tests();

__DATA__

=== TEST 1: four redirects in a row are followed
--- record
140 aac 129500 3584 /1
--- media
location = /1 { return 302 http://127.0.0.1:$server_port/2; }
location = /2 { return 302 http://127.0.0.1:$server_port/3; }
location = /3 { return 302 http://127.0.0.1:$server_port/4; }
location = /4 { return 302 http://127.0.0.1:$server_port/140; }
--- bytes: 0-
--- fetched
/1 0-1023
/2 0-1023
/3 0-1023
/4 0-1023
slices 0 1 2 3

=== TEST 2: five redirects are a dead URL, which is renewed
--- record
140 aac 129500 3584 /1
--- resolves
140 aac 129500 3584 /140
--- media
location = /1 { return 302 http://127.0.0.1:$server_port/2; }
location = /2 { return 302 http://127.0.0.1:$server_port/3; }
location = /3 { return 302 http://127.0.0.1:$server_port/4; }
location = /4 { return 302 http://127.0.0.1:$server_port/5; }
location = /5 { return 302 http://127.0.0.1:$server_port/140; }
--- bytes: 0-
--- fetched
/1 0-1023
/2 0-1023
/3 0-1023
/4 0-1023
/5 0-1023
slices 0 1 2 3
--- asked
play dQw4w9WgXcQ

=== TEST 3: an endless redirect
--- record
140 aac 129500 3584 /1
--- resolves
140 aac 129500 3584 /1
track dQw4w9WgXcQ
140 aac 129500 3584 /1
--- media
location = /1 { return 302 http://127.0.0.1:$server_port/1; }
--- error_code: 502
--- response_body_like: "code":"media_failed"
--- asked
play dQw4w9WgXcQ
play dQw4w9WgXcQ

=== TEST 4: a host that is not listed is not contacted
--- record
140 aac 129500 3584 /1
--- resolves
140 aac 129500 3584 /1
track dQw4w9WgXcQ
140 aac 129500 3584 /1
--- media
location = /1 { return 302 http://127.0.0.2:$server_port/140; }
--- error_code: 502
--- response_body_like: "code":"host_not_allowed","retryable":false
--- says
is not allowed by "voyo_media_hosts"
--- fetched
/1 0-1023
/1 0-1023
/1 0-1023

=== TEST 5: a host that is not listed, and a newer URL on a listed one
--- record
140 aac 129500 3584 /1
--- resolves
140 aac 129500 3584 /140
--- media
location = /1 { return 302 http://127.0.0.2:$server_port/140; }
--- bytes: 0-
--- fetched
/1 0-1023
slices 0 1 2 3

=== TEST 6: another listed host
--- settings
MEDIA_HOSTS http://127.0.0.1:$TEST_NGINX_PORT http://127.0.0.2:$TEST_NGINX_PORT
--- record
140 aac 129500 3584 /1
--- media
location = /1 { return 302 http://127.0.0.2:$server_port/2; }
location = /2 {
    if ($http_host != "127.0.0.2:$server_port") { return 403; }
    alias $TEST_NGINX_HOME/media/140;
}
--- bytes: 0-
--- fetched
/1 0-1023
/2 0-1023
/2 1024-2047
/2 2048-3071
/2 3072-3583

=== TEST 7: no Location
--- record
140 aac 129500 3584 /1
--- resolves
140 aac 129500 3584 /140
--- media
location = /1 { return 302; }
--- bytes: 0-
--- asked
play dQw4w9WgXcQ

=== TEST 8: another scheme
--- record
140 aac 129500 3584 /1
--- resolves
140 aac 129500 3584 /140
--- media
location = /1 { return 302 ftp://127.0.0.1/140; }
--- bytes: 0-
--- asked
play dQw4w9WgXcQ

=== TEST 9: the client never receives a redirect
--- record
140 aac 129500 3584 /from
--- media
location = /from { return 302 http://127.0.0.1:$server_port/140; }
--- bytes: 0-
--- response_headers
! Location

=== TEST 10: a redirect of a later slice
--- media
location = /140 {
    if ($http_range = "bytes=2048-3071") { return 302 http://127.0.0.1:$server_port/2; }
    root $TEST_NGINX_HOME/media;
}
location = /2 { alias $TEST_NGINX_HOME/media/140; }
--- bytes: 0-
--- fetched
slices 0 1 2
/2 2048-3071
/2 3072-3583
