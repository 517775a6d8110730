# An error of the origin before the first byte is redirected to voyo_stream: it
# selects another representation, sends the header of a resume, or sends a
# problem.  In mid-track a browser ends playback on an error, and resumes after
# an early close (docs/upstream.md, B1, B2); without a header a proxy would turn
# the close into a 502 (N12).

use lib 't/lib';
use VOYO;

plan 'no_plan';

run_tests();

__DATA__

=== TEST 1: a resume that cannot be fetched is a header and an early close
--- record
140 aac 129500 3584 /dead
--- media
location = /dead { return 403; }
--- more_headers
Range: bytes=1500-
--- error_code: 206
--- response_headers
Content-Type: audio/mp4
Content-Length: 2084
Content-Range: bytes 1500-3583/3584
ETag: "dQw4w9WgXcQ.140.1.3584.m1"
! Retry-After
! X-Voyo-Problem
--- bytes: 1500-
--- cut: 0
--- says
bytes 1500-3583 of "dQw4w9WgXcQ.140.1.3584.m1" cannot be fetched, no_resolver, the connection is closed

=== TEST 2: a suffix range that cannot be fetched
--- record
140 aac 129500 3584 /dead
--- media
location = /dead { return 403; }
--- more_headers
Range: bytes=-100
--- error_code: 206
--- response_headers
Content-Range: bytes 3484-3583/3584
--- bytes: 3484-
--- cut: 0

=== TEST 3: the first slice is a problem, with a range too
--- record
140 aac 129500 3584 /dead
--- media
location = /dead { return 403; }
--- more_headers
Range: bytes=0-
--- error_code: 503
--- response_headers
Content-Type: application/problem+json
Retry-After: 5
! Content-Range
! ETag
--- response_body_like: "code":"no_resolver"

=== TEST 4: a refusal is a problem in mid-track too
--- record
140 aac 129500 3584 /dead
--- resolver
--- failure
private 90
--- media
location = /dead { return 403; }
--- more_headers
Range: bytes=1500-
--- error_code: 404
--- response_body_like: "code":"private"

=== TEST 5: in mid-track of an unknown track there is no header to send
--- record
--- more_headers
Range: bytes=1500-
--- error_code: 503
--- response_body_like: "code":"no_resolver"

=== TEST 6: a failed slice is not kept: the next request gets it
--- record
140 aac 129500 3584 /dead
--- media
location = /dead {
    limit_req zone=latch;
    error_page 503 = @right;
    proxy_pass http://127.0.0.1:$server_port/wrong;
}
location @right { rewrite ^ /140 break; root $TEST_NGINX_HOME/media; }
location = /wrong { access_log off; return 403; }
--- cached
1500-1599
--- more_headers
Range: bytes=1500-1599
--- error_code: 206
--- bytes: 1500-1599

=== TEST 7: a re-encoded track is served with its new bytes
--- record
140 aac 129500 3584 /dead
--- resolves
140 aac 129500 3584 /140 lmt=2
--- media
location = /dead { return 403; }
--- bytes: 0-
--- response_headers
ETag: "dQw4w9WgXcQ.140.2.3584.m1"
Content-Length: 3584

=== TEST 8: re-encoded with another length: the range is evaluated again
--- record
139 aac 129500 9999 /dead
--- resolves
140 aac 129500 3584 /140 lmt=2
--- media
location = /dead { return 403; }
--- more_headers
Range: bytes=-100
--- error_code: 206
--- bytes: 3484-3583
--- response_headers
Content-Range: bytes 3484-3583/3584

=== TEST 9: a range that is now beyond the end
--- record
139 aac 129500 9999 /dead
--- resolves
140 aac 129500 3584 /140 lmt=2
--- media
location = /dead { return 403; }
--- more_headers
Range: bytes=5000-
--- error_code: 416
--- response_headers
Content-Range: bytes */3584

=== TEST 10: If-Range with the ETag of the old encoding
--- record
140 aac 129500 3584 /dead
--- resolves
140 aac 129500 3584 /140 lmt=2
--- media
location = /dead { return 403; }
--- more_headers
Range: bytes=1500-
If-Range: "dQw4w9WgXcQ.140.1.3584.m1"
--- bytes: 0-
--- response_headers
! Content-Range
ETag: "dQw4w9WgXcQ.140.2.3584.m1"

=== TEST 11: the other codec, if it is the only one left
--- record
140 aac 129500 3584 /dead
--- resolves
251 opus 130000 3584 /251
--- media
location = /dead { return 403; }
--- bytes: 251 0-
--- response_headers
Content-Type: audio/webm

=== TEST 12: re-encoded in mid-track: the response ends, two are not mixed
--- record
140 aac 129500 3584 /140
--- resolves
140 aac 129500 3584 /140 lmt=2
--- media
location = /140 {
    if ($http_range = "bytes=2048-3071") { return 403; }
    root $TEST_NGINX_HOME/media;
}
--- response_headers
ETag: "dQw4w9WgXcQ.140.1.3584.m1"
--- bytes: 0-
--- cut: 1024

=== TEST 13: re-encoded repeatedly
--- record
140 aac 129500 3584 /dead
--- resolves
140 aac 129500 3584 /dead lmt=2
track dQw4w9WgXcQ
140 aac 129500 3584 /dead lmt=3
track dQw4w9WgXcQ
140 aac 129500 3584 /dead lmt=4
--- media
location = /dead { return 403; }
--- error_code: 502
--- response_headers
Retry-After: 1
--- response_body_like: "code":"representation_gone","retryable":true

=== TEST 14: a request that was denied is not served by @again
--- location
deny all;
--- error_code: 403
--- response_body_like: "code":"refused","retryable":false
--- says
access forbidden by rule
--- fetched

=== TEST 15: a request that "return" refuses is not served by @again
--- location
return 404;
--- error_code: 404
--- response_body_like: "code":"refused"
--- fetched

=== TEST 16: a request that auth_request refuses is not served by @again
--- edge
location = /auth { internal; return 401; }
--- location
auth_request /auth;
error_page 401 @again;
--- error_code: 401
--- response_body_like: "code":"refused"
--- fetched

=== TEST 17: a request that auth_request allows is complete
--- edge
location = /auth { internal; return 204; }
--- location
auth_request /auth;
--- bytes: 0-
