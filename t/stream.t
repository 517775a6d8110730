# A track plays: all of its bytes, with the right type and ETag.

use lib 't/lib';
use VOYO;

plan 'no_plan';

run_tests();

__DATA__

=== TEST 1: a whole track that is not cached
--- bytes: 0-
--- response_headers
Content-Type: audio/mp4
Content-Length: 3584
Accept-Ranges: bytes
! Content-Range
ETag: "dQw4w9WgXcQ.140.1.3584.m1"
Cache-Control: public, max-age=3600
Cache-Status: voyo; fwd=uri-miss; stored
X-Voyo-Quality: medium; codec=aac; bitrate=129500
X-Accel-Buffering: no
Access-Control-Allow-Origin: *
Timing-Allow-Origin: *
Cross-Origin-Resource-Policy: cross-origin
--- fetched
slices 0 1 2 3

=== TEST 2: a whole cached track, without the source
--- cached
--- bytes: 0-
--- response_headers
Content-Type: audio/mp4
Content-Length: 3584
Accept-Ranges: bytes
ETag: "dQw4w9WgXcQ.140.1.3584.m1"
Cache-Control: public, max-age=3600
Cache-Status: voyo; hit
Server-Timing: resolve;dur=0, cache;desc="voyo; hit"
--- fetched
slices 0 1 2 3

=== TEST 3: a track that is cached in part
--- cached
1024-1030
--- bytes: 0-
--- fetched
slices 0 1 2 3

=== TEST 4: a track of one byte
--- record
140 aac 129500 1 /140
--- bytes: 0-0
--- response_headers
Content-Length: 1
--- fetched
/140 0-0

=== TEST 5: a track of one slice and no more
--- record
140 aac 129500 1024 /140
--- bytes: 0-1023
--- fetched
slices 0

=== TEST 6: a track of whole slices
--- record
140 aac 129500 2048 /140
--- bytes: 0-2047
--- fetched
slices 0 1

=== TEST 7: a track of a hundred slices
--- record
140 aac 129500 102400 /140
--- bytes: 0-102399

=== TEST 8: both forms of an id are one track: one record, one cache key, one ETag
--- cached
--- request
GET /cdn/stream/vyo_ZFF3NHc5V2dYY1E
--- bytes: 0-
--- response_headers
ETag: "dQw4w9WgXcQ.140.1.3584.m1"
Cache-Status: voyo; hit
--- fetched
slices 0 1 2 3

=== TEST 9: a client that waits for the resolver
--- record
--- resolves
140 aac 129500 3584 /140
--- bytes: 0-
--- response_headers_like
Server-Timing: resolve;dur=\d+, cache;desc="voyo; fwd=uri-miss; stored"
--- asked
play dQw4w9WgXcQ

=== TEST 10: a slow resolver
--- record
--- resolves
track dQw4w9WgXcQ after=0.4
140 aac 129500 3584 /140
--- bytes: 0-
--- response_headers_like
Server-Timing: resolve;dur=([4-9]\d\d|\d{4,}), cache.*

=== TEST 11: an unknown parameter is ignored
--- request
GET /cdn/stream/dQw4w9WgXcQ?quallity=best&x=1&
--- bytes: 0-

=== TEST 12: an empty parameter is ignored
--- request
GET /cdn/stream/dQw4w9WgXcQ?quality=&codec=&prefetch=
--- bytes: 0-

=== TEST 13: of a repeated parameter the first counts
--- request
GET /cdn/stream/dQw4w9WgXcQ?codec=opus&codec=mp3
--- bytes: 251 0-

=== TEST 14: two requests on one connection
--- pipelined_requests eval
["GET /cdn/stream/dQw4w9WgXcQ", "GET /cdn/stream/dQw4w9WgXcQ?codec=opus"]
--- bytes
140 0-
251 0-
--- error_code eval: [200, 200]
--- raw_response_headers_unlike eval: ["SIGNATURE", "SIGNATURE"]

=== TEST 15: HTTP/1.0
--- request
GET /cdn/stream/dQw4w9WgXcQ HTTP/1.0
--- bytes: 0-
--- response_headers
Content-Length: 3584

=== TEST 16: no header of the client reaches a media host
--- more_headers
Cookie: session=1
Authorization: Basic eDp5
Referer: https://app.example/
Origin: https://app.example
User-Agent: listener
Accept-Encoding: gzip
If-Modified-Since: Sat, 29 Oct 1994 19:43:31 GMT
X-Forwarded-For: 192.0.2.1
X-Other: 1
--- media
location = /140 {
    if ($http_cookie$http_authorization$http_referer$http_origin) { return 403; }
    if ($http_accept_encoding$http_if_modified_since$http_x_other) { return 403; }
    if ($http_x_forwarded_for$http_x_voyo_representation) { return 403; }
    if ($http_user_agent != "VOYO") { return 403; }
    if ($http_accept != "*/*") { return 403; }
    if ($http_host != "127.0.0.1:$server_port") { return 403; }
    root $TEST_NGINX_HOME/media;
}
--- bytes: 0-

=== TEST 17: only the bytes of a media host's response reach the client
--- media
location = /140 {
    add_header Set-Cookie a=b;
    add_header X-Other 1;
    add_header Vary Origin;
    add_header Server-Timing x;
    add_header X-Accel-Redirect /health;
    add_header X-Accel-Expires 0;
    add_header Cache-Control private;
    add_header Expires 0;
    add_header Content-Disposition attachment;
    root $TEST_NGINX_HOME/media;
}
--- bytes: 0-
--- response_headers
! Set-Cookie
! X-Other
! Vary
! X-Accel-Redirect
! X-Accel-Expires
! Expires
! Content-Disposition
! Last-Modified
Cache-Control: public, max-age=3600
ETag: "dQw4w9WgXcQ.140.1.3584.m1"
--- raw_response_headers_unlike eval: qr/SIGNATURE|Server-Timing: x/

=== TEST 18: the type is that of the record, whatever the media host sends
--- media
location = /140 { default_type audio/x-anything; root $TEST_NGINX_HOME/media; }
--- bytes: 0-
--- response_headers
Content-Type: audio/mp4

=== TEST 19: the record's User-Agent is sent
--- record
140 aac 129500 3584 /140 user_agent=Phone/1.0
--- media
location = /140 {
    if ($http_user_agent != "Phone/1.0") { return 403; }
    root $TEST_NGINX_HOME/media;
}
--- bytes: 0-

=== TEST 20: the log has the track and the range, and no query
--- request
GET /cdn/stream/dQw4w9WgXcQ?quality=high
--- more_headers
Range: bytes=5-9
--- error_code: 206
--- bytes: 5-9
--- logged
{"time":*,"message":"GET /cdn/stream/dQw4w9WgXcQ 206","level":"info","status":206,"track":"dQw4w9WgXcQ","range":"bytes=5-9","bytes":5,"time_taken":*,"resolve_time":*,"cache":"MISS","problem":"","repairs":"0","request":*}

=== TEST 21: only header fields that the edge needs are cached
--- location
add_header X-Stored "$upstream_http_server$upstream_http_date";
--- cached
--- bytes: 0-
--- response_headers
! X-Stored
Cache-Status: voyo; hit
