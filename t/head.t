# HEAD is answered from the record, RFC 9110, section 9.3.2: players request size
# and type before they play, and media hosts refuse HEAD.  Otherwise each such
# request would fetch a slice, or fail.

use lib 't/lib';
use VOYO;

plan 'no_plan';

run_tests();

__DATA__

=== TEST 1: the header is that of GET, without a request to the source
--- request
HEAD /cdn/stream/dQw4w9WgXcQ
--- bytes: none
--- response_headers
Content-Type: audio/mp4
Content-Length: 3584
Accept-Ranges: bytes
ETag: "dQw4w9WgXcQ.140.1.3584.m1"
Cache-Control: public, max-age=3600
Cache-Status: voyo; hit; detail=record
X-Voyo-Quality: medium; codec=aac; bitrate=129500
--- fetched

=== TEST 2: the other codec
--- request
HEAD /cdn/stream/dQw4w9WgXcQ?codec=opus
--- bytes: none
--- response_headers
Content-Type: audio/webm
ETag: "dQw4w9WgXcQ.251.1.3584"
--- fetched

=== TEST 3: a range
--- request
HEAD /cdn/stream/dQw4w9WgXcQ
--- more_headers
Range: bytes=1500-1599
--- error_code: 206
--- bytes: none
--- response_headers
Content-Length: 100
Content-Range: bytes 1500-1599/3584
--- fetched

=== TEST 4: a suffix
--- request
HEAD /cdn/stream/dQw4w9WgXcQ
--- more_headers
Range: bytes=-500
--- error_code: 206
--- bytes: none
--- response_headers
Content-Length: 500
Content-Range: bytes 3084-3583/3584
--- fetched

=== TEST 5: a range beyond the end
--- request
HEAD /cdn/stream/dQw4w9WgXcQ
--- more_headers
Range: bytes=9999-
--- error_code: 416
--- bytes: none
--- response_headers
Content-Range: bytes */3584
--- fetched

=== TEST 6: an unknown track waits for its record, not for bytes
--- request
HEAD /cdn/stream/dQw4w9WgXcQ
--- record
--- resolves
140 aac 129500 3584 /140
--- bytes: none
--- response_headers
Content-Length: 3584
--- asked
play dQw4w9WgXcQ
--- fetched

=== TEST 7: a track that cannot be resolved
--- request
HEAD /cdn/stream/dQw4w9WgXcQ
--- record
--- failure
private 86400
--- error_code: 404
--- bytes: none
--- response_headers
Content-Type: application/problem+json
Cache-Control: no-store

=== TEST 8: a 5xx has Retry-After
--- request
HEAD /cdn/stream/dQw4w9WgXcQ
--- record
--- error_code: 503
--- bytes: none
--- response_headers
Retry-After: 5

=== TEST 9: the status is sent where GET would be cut
--- request
HEAD /cdn/stream/dQw4w9WgXcQ
--- more_headers
Range: bytes=2048-
--- record
140 aac 129500 3584 /gone
--- error_code: 206
--- bytes: none
--- response_headers
Content-Range: bytes 2048-3583/3584
--- fetched

=== TEST 10: an invalid id
--- request
HEAD /cdn/stream/short
--- error_code: 400
--- bytes: none

=== TEST 11: /cdn/track
--- request
HEAD /cdn/track/dQw4w9WgXcQ
--- bytes: none
--- response_headers
Content-Type: application/json

=== TEST 12: /health
--- request
HEAD /health
--- resolver
--- bytes: none
--- response_headers
Content-Type: application/json
