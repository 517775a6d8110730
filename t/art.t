# /cdn/art: a track's picture, by way of the server, so that a page tells the
# source nothing of its listeners.  Only what browsers show and can't run.

use lib 't/lib';
use VOYO;

plan 'no_plan';

table(<<'BLOCK', <<'ROWS');
{what}
--- settings
ART_HOSTS http://127.0.0.1:$TEST_NGINX_PORT
--- record
track dQw4w9WgXcQ artwork=http://127.0.0.1:$TEST_NGINX_PORT/picture
140 aac 129500 3584 /140
--- media
location = /picture { default_type {type}; {answer} }
--- request
GET /cdn/art/dQw4w9WgXcQ
--- error_code: {status}
--- response_headers
Content-Type: {told}
! Set-Cookie
! X-Voyo-Problem
BLOCK
what | type | answer | status | told

JPEG              | image/jpeg    | add_header Set-Cookie a=b; return 200 x; | 200 | image/jpeg
WebP              | image/webp    | return 200 x; | 200 | image/webp
PNG               | image/png     | return 200 x; | 200 | image/png
AVIF              | image/avif    | return 200 x; | 200 | image/avif
SVG can run       | image/svg+xml | return 200 x; | 502 | application/problem+json
a page            | text/html     | return 200 x; | 502 | application/problem+json
nothing           | image/jpeg    | return 200 ""; | 502 | application/problem+json
no length         | image/jpeg    | ssi on; ssi_types *; return 200 x; | 502 | application/problem+json
a part            | image/jpeg    | return 206 x; | 502 | application/problem+json
a picture that is gone | image/jpeg | return 404;  | 502 | application/problem+json
a failure         | image/jpeg    | return 500;   | 502 | application/problem+json
ROWS

run_tests();

__DATA__

=== TEST 1: it is cached for a week, and neither Redis nor the source are asked
--- settings
ART_HOSTS http://127.0.0.1:$TEST_NGINX_PORT
--- record
track dQw4w9WgXcQ artwork=http://127.0.0.1:$TEST_NGINX_PORT/picture
140 aac 129500 3584 /140
--- media
location = /picture { default_type image/jpeg; return 200 x; }
--- cached
/cdn/art/dQw4w9WgXcQ
--- init
VOYO::redis('DEL', VOYO::key('track:dQw4w9WgXcQ'));
--- request
GET /cdn/art/dQw4w9WgXcQ
--- response_headers
Content-Type: image/jpeg
Cache-Control: public, max-age=86400
Cache-Status: voyo; hit
X-Content-Type-Options: nosniff
! ETag
--- response_body chomp
x
--- fetched
/picture

=== TEST 2: a redirect is followed
--- settings
ART_HOSTS http://127.0.0.1:$TEST_NGINX_PORT
--- record
track dQw4w9WgXcQ artwork=http://127.0.0.1:$TEST_NGINX_PORT/from
140 aac 129500 3584 /140
--- media
location = /from { return 302 http://127.0.0.1:$server_port/picture; }
location = /picture { default_type image/jpeg; return 200 x; }
--- request
GET /cdn/art/dQw4w9WgXcQ
--- response_body chomp
x
--- fetched
/from
/picture

=== TEST 3: a track without one
--- request
GET /cdn/art/dQw4w9WgXcQ
--- error_code: 404
--- response_body_like: "code":"no_artwork","retryable":false

=== TEST 4: a track that can't be had
--- record
--- failure
private 100
--- request
GET /cdn/art/dQw4w9WgXcQ
--- error_code: 404
--- response_headers
! X-Voyo-Problem
--- response_body_like: "code":"private"

=== TEST 5: no id
--- request
GET /cdn/art/short
--- error_code: 400
--- response_body_like: "code":"bad_track"
