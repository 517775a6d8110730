# A URL expires in mid-track, a connection breaks: clients must not notice.  A URL
# that is refused is renewed, at most twice; after other failures the request is
# repeated on a new connection, then at the URL's other host, then with a new URL.

use lib 't/lib';
use VOYO;

plan 'no_plan';

table(<<'BLOCK', <<'ROWS');
{status} is a dead URL: it is renewed
--- record
140 aac 129500 3584 /dead
--- resolves
140 aac 129500 3584 /140
--- media
location = /dead { return {status}; }
--- bytes: 0-
--- fetched
/dead 0-1023
slices 0 1 2 3
--- asked
play dQw4w9WgXcQ
BLOCK
status
403
404
410
ROWS

table(<<'BLOCK', <<'ROWS');
{status} is tried once more, and costs no extraction
--- resolver
--- media
location = /140 {
    limit_req zone=latch;
    error_page 503 = @right;
    proxy_pass http://127.0.0.1:$server_port/wrong;
}
location @right { root $TEST_NGINX_HOME/media; }
location = /wrong { access_log off; return {status}; }
--- bytes: 0-
--- fetched
slices 0 0 1 1 2 2 3 3
BLOCK
status
400
401
408
416
429
500
502
504
ROWS

run_tests();

__DATA__

=== TEST 1: a URL that expires in mid-track
--- media
location = /140 {
    if ($http_range = "bytes=2048-3071") { return 403; }
    root $TEST_NGINX_HOME/media;
}
location = /new { alias $TEST_NGINX_HOME/media/140; }
--- resolves
140 aac 129500 3584 /new
--- bytes: 0-
--- fetched
slices 0 1 2
/new 2048-3071
/new 3072-3583
--- asked
play dQw4w9WgXcQ

=== TEST 2: a URL is renewed twice at most
--- record
140 aac 129500 3584 /1
--- resolves
140 aac 129500 3584 /2
track dQw4w9WgXcQ
140 aac 129500 3584 /3
track dQw4w9WgXcQ
140 aac 129500 3584 /140
--- media
location = /1 { return 403; }
location = /2 { return 403; }
location = /3 { return 403; }
--- error_code: 502
--- response_body_like: "code":"media_failed","retryable":true
--- response_headers
Retry-After: 5
--- fetched
/1 0-1023
/2 0-1023
/3 0-1023
--- asked
play dQw4w9WgXcQ
play dQw4w9WgXcQ
--- says
gave up on bytes 0-1023 of "dQw4w9WgXcQ.140.1.3584" after 3 attempts, the last was answered 403

=== TEST 3: a URL that fails after its renewal, and is renewed once more
--- record
140 aac 129500 3584 /1
--- resolves
140 aac 129500 3584 /2
track dQw4w9WgXcQ
140 aac 129500 3584 /140
--- media
location = /1 { return 403; }
location = /2 { return 403; }
--- bytes: 0-
--- fetched
/1 0-1023
/2 0-1023
slices 0 1 2 3

=== TEST 4: a permanent failure in mid-track ends after a correct prefix
--- media
location = /140 {
    if ($http_range = "bytes=2048-3071") { return 403; }
    root $TEST_NGINX_HOME/media;
}
--- response_headers
Content-Length: 3584
--- bytes: 0-
--- cut: 1024
--- fetched
slices 0 1 2

=== TEST 5: an expired URL is not tried
--- record
140 aac 129500 3584 /old expires=299
--- resolves
140 aac 129500 3584 /140
--- bytes: 0-
--- fetched
slices 0 1 2 3
--- asked
play dQw4w9WgXcQ

=== TEST 6: a URL that expires soon is used and renewed
--- record
140 aac 129500 3584 /140 expires=1700
--- resolves
140 aac 129500 3584 /140
--- more_headers
Range: bytes=0-99
--- error_code: 206
--- bytes: 0-99
--- asked
prefetch dQw4w9WgXcQ

=== TEST 7: a URL that is valid for long is not renewed
--- record
140 aac 129500 3584 /140 expires=1900
--- resolves
140 aac 129500 3584 /140
--- more_headers
Range: bytes=0-99
--- error_code: 206
--- bytes: 0-99
--- asked

=== TEST 8: a URL that becomes valid shortly is waited for
--- record
140 aac 129500 3584 /140 not_before=2
--- bytes: 0-
--- fetched
slices 0 1 2 3

=== TEST 9: a failed renewal is reported
--- record
140 aac 129500 3584 /dead
--- resolver
--- failure
geo_blocked 80
--- media
location = /dead { return 403; }
--- error_code: 451
--- response_body_like: "code":"geo_blocked","retryable":false

=== TEST 10: without a resolver
--- record
140 aac 129500 3584 /dead
--- media
location = /dead { return 403; }
--- error_code: 503
--- response_body_like: "code":"no_resolver"

=== TEST 11: a resolver that does not answer
--- record
140 aac 129500 3584 /dead
--- resolver
--- settings
RESOLVE_TIMEOUT 300ms
--- media
location = /dead { return 403; }
--- error_code: 504
--- response_body_like: "code":"resolve_timeout"

=== TEST 12: a host without an address
--- settings
MEDIA_HOSTS http://127.0.0.1:$TEST_NGINX_PORT http://127.0.0.1:1
--- record
140 aac 129500 3584 http://127.0.0.1:1/140
--- resolves
140 aac 129500 3584 /140
--- bytes: 0-
--- asked
play dQw4w9WgXcQ

=== TEST 13: two clients of one slice cause one renewal
--- record
140 aac 129500 3584 /dead
--- resolves
track dQw4w9WgXcQ after=0.3
140 aac 129500 3584 /140
--- media
location = /dead { return 403; }
--- request eval: ["GET /cdn/stream/dQw4w9WgXcQ", "GET /cdn/stream/dQw4w9WgXcQ"]
--- error_code eval: [200, 200]
--- bytes
0-
0-
--- fetched
/dead 0-1023
slices 0 1 2 3
--- asked
play dQw4w9WgXcQ
