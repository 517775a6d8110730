# A request with a body, RFC 9110, section 9.3.1, and RFC 9112, section 9.3: an
# unused body is read and discarded, or it would be taken for the next request;
# and no response waits for a body that does not arrive.

use lib 't/lib';
use VOYO;

plan 'no_plan';

run_tests();

__DATA__

=== TEST 1: a refused body is not taken for the next request
--- pipelined_requests eval
["POST /cdn/stream/dQw4w9WgXcQ
GET /health/live HTTP/1.1", "GET /cdn/stream/dQw4w9WgXcQ"]
--- error_code eval: [405, 200]
--- bytes
any
0-
--- raw_response_headers_unlike eval: ["SIGNATURE", "SIGNATURE"]

=== TEST 2: the body of a request with an invalid id
--- pipelined_requests eval
["GET /cdn/stream/short
hello", "GET /cdn/stream/dQw4w9WgXcQ"]
--- error_code eval: [400, 200]
--- bytes
any
0-
--- raw_response_headers_unlike eval: ["SIGNATURE", "SIGNATURE"]

=== TEST 3: the body of a request that is answered from the record
--- pipelined_requests eval
["GET /cdn/stream/dQw4w9WgXcQ
hello", "GET /cdn/stream/dQw4w9WgXcQ"]
--- more_headers eval: ["Range: bytes=9999-\n", "Range: bytes=5-9\n"]
--- error_code eval: [416, 206]
--- bytes
any
5-9
--- raw_response_headers_unlike eval: ["SIGNATURE", "SIGNATURE"]

=== TEST 4: the body of a request for track information
--- pipelined_requests eval
["GET /cdn/track/dQw4w9WgXcQ
hello", "GET /cdn/stream/dQw4w9WgXcQ"]
--- error_code eval: [200, 200]
--- bytes
any
0-
--- raw_response_headers_unlike eval: ["SIGNATURE", "SIGNATURE"]

=== TEST 5: the body of a HEAD request
--- request
HEAD /cdn/stream/dQw4w9WgXcQ
hello
--- bytes: none
--- response_headers
Content-Length: 3584

=== TEST 6: the body of an OPTIONS request
--- request
OPTIONS /cdn/stream/dQw4w9WgXcQ
hello
--- error_code: 204
--- bytes: none

=== TEST 7: a chunked body
--- request eval
"HEAD /cdn/stream/dQw4w9WgXcQ
5\r\nhello\r\n0\r\n\r\n"
--- more_headers
Transfer-Encoding: chunked
--- bytes: none

=== TEST 8: a body that is announced and not sent
--- edge
lingering_timeout 50ms;
--- request
HEAD /cdn/stream/dQw4w9WgXcQ
--- more_headers
Content-Length: 5
--- bytes: none

=== TEST 9: GET of a cached track
--- cached
--- request
GET /cdn/stream/dQw4w9WgXcQ
hello
--- bytes: 0-

=== TEST 10: GET of a track that is not cached
--- request
GET /cdn/stream/dQw4w9WgXcQ
hello
--- bytes: 0-
--- fetched
slices 0 1 2 3

=== TEST 11: a chunked body
--- request eval
"GET /cdn/stream/dQw4w9WgXcQ
5\r\nhello\r\n0\r\n\r\n"
--- more_headers
Transfer-Encoding: chunked
--- bytes: 0-
--- fetched
slices 0 1 2 3

=== TEST 12: a body that is announced and not sent
--- edge
lingering_timeout 1s;
--- request
GET /cdn/stream/dQw4w9WgXcQ
--- more_headers
Content-Length: 5
--- bytes: 0-

=== TEST 13: the client waits for a 100
--- request
GET /cdn/stream/dQw4w9WgXcQ
hello
--- more_headers
Expect: 100-continue
--- ignore_response
--- response_body_like: ^HTTP/1.1 100 Continue
--- fetched
slices 0 1 2 3

=== TEST 14: GET of a track that is resolved first
--- record
--- resolves
140 aac 129500 3584 /140
--- request
GET /cdn/stream/dQw4w9WgXcQ
hello
--- bytes: 0-
--- asked
play dQw4w9WgXcQ

=== TEST 15: GET of a picture
--- request
GET /cdn/art/dQw4w9WgXcQ
hello
--- media
location = /art/dQw4w9WgXcQ { default_type image/jpeg; return 200 jpeg; }
--- response_body: jpeg

=== TEST 16: an edge that passes on the length, but no body
--- replace
proxy_set_header Content-Length ""; =>
--- request
GET /cdn/stream/dQw4w9WgXcQ
hello
--- bytes: 0-
--- fetched
slices 0 1 2 3

=== TEST 17: an edge that passes on the length of a body that is not sent
--- replace
proxy_set_header Content-Length ""; =>
--- edge
lingering_timeout 1s;
--- request
GET /cdn/stream/dQw4w9WgXcQ
--- more_headers
Content-Length: 5
--- bytes: 0-

=== TEST 18: a large body
--- request eval
"GET /cdn/stream/dQw4w9WgXcQ\n" . 'x' x 2000000
--- bytes: 0-
