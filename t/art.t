# /cdn/art: a track's picture through the server, so that clients do not contact
# the source; without an extraction, or a page of covers would use up the budget
# of an hour.  Only types that browsers show and cannot execute.

use lib 't/lib';
use VOYO;

plan 'no_plan';

table(<<'BLOCK', <<'ROWS');
{what}
--- record
--- media
location = /art/dQw4w9WgXcQ { default_type {type}; {answer} }
--- request
GET /cdn/art/dQw4w9WgXcQ
--- error_code: {status}
--- response_headers
Content-Type: {told}
Cache-Control: {control}
X-Content-Type-Options: {options}
! Set-Cookie
! ETag
--- fetched
/art/dQw4w9WgXcQ
BLOCK
what | type | answer | status | told | control | options

JPEG   | image/jpeg | add_header Set-Cookie a=b; add_header ETag '"x"'; return 200 x; | 200 | image/jpeg | public, max-age=86400 | nosniff
WebP   | image/webp | return 200 x; | 200 | image/webp | public, max-age=86400 | nosniff
PNG    | image/png  | return 200 x; | 200 | image/png  | public, max-age=86400 | nosniff
AVIF   | image/avif | return 200 x; | 200 | image/avif | public, max-age=86400 | nosniff
SVG can run: it is a heap of bytes | image/svg+xml | return 200 x;  | 200 | application/octet-stream | no-store | nosniff
so is a page                | text/html  | return 200 x;  | 200 | application/octet-stream | no-store | nosniff
a picture that is not there | image/jpeg | return 404;    | 404 | application/problem+json | no-store |
one that may not be had     | image/jpeg | return 403;    | 404 | application/problem+json | no-store |
a failure                   | image/jpeg | return 500;    | 502 | application/problem+json | no-store |
a redirect is not followed  | image/jpeg | return 302 http://127.0.0.2/x; | 502 | application/problem+json | no-store |
a limit of the source's     | image/jpeg | return 429;    | 502 | application/problem+json | no-store |
ROWS

run_tests();

__DATA__

=== TEST 1: a picture is cached, and not fetched again
--- media
location = /art/dQw4w9WgXcQ { default_type image/jpeg; return 200 x; }
--- cached
/cdn/art/dQw4w9WgXcQ
--- request
GET /cdn/art/dQw4w9WgXcQ
--- response_headers
Content-Type: image/jpeg
Cache-Control: public, max-age=86400
Cache-Status: voyo; hit
--- response_body chomp
x
--- fetched
/art/dQw4w9WgXcQ

=== TEST 2: the other form of the id gets the same picture
--- media
location = /art/dQw4w9WgXcQ { default_type image/jpeg; return 200 x; }
--- cached
/cdn/art/dQw4w9WgXcQ
--- request
GET /cdn/art/vyo_ZFF3NHc5V2dYY1E
--- response_headers
Cache-Status: voyo; hit
--- fetched
/art/dQw4w9WgXcQ

=== TEST 3: a response that is not a picture is not cached
--- media
location = /art/dQw4w9WgXcQ { default_type text/html; return 200 x; }
--- cached
/cdn/art/dQw4w9WgXcQ
--- request
GET /cdn/art/dQw4w9WgXcQ
--- response_body chomp
x
--- fetched
/art/dQw4w9WgXcQ
/art/dQw4w9WgXcQ

=== TEST 4: a failure is not cached
--- media
location = /art/dQw4w9WgXcQ {
    limit_req zone=latch;
    error_page 503 = @right;
    proxy_pass http://127.0.0.1:$server_port/wrong;
}
location @right { default_type image/jpeg; return 200 x; }
location = /wrong { access_log off; return 500; }
--- cached
/cdn/art/dQw4w9WgXcQ
--- request
GET /cdn/art/dQw4w9WgXcQ
--- response_body chomp
x
--- fetched
/art/dQw4w9WgXcQ
/art/dQw4w9WgXcQ

=== TEST 5: a 404 is cached
--- media
location = /art/dQw4w9WgXcQ { return 404; }
--- cached
/cdn/art/dQw4w9WgXcQ
--- request
GET /cdn/art/dQw4w9WgXcQ
--- error_code: 404
--- response_body_like: "code":"no_artwork","retryable":false
--- fetched
/art/dQw4w9WgXcQ

=== TEST 6: neither Redis nor a resolver is needed
--- redis
none
--- media
location = /art/dQw4w9WgXcQ { default_type image/jpeg; return 200 x; }
--- request
GET /cdn/art/dQw4w9WgXcQ
--- response_body chomp
x

=== TEST 7: no id
--- request
GET /cdn/art/short
--- error_code: 400
--- response_body_like: "code":"bad_track"
--- fetched

=== TEST 8: no header of the client reaches the source
--- media
location = /art/dQw4w9WgXcQ {
    if ($http_cookie$http_referer$http_user_agent$http_x_forwarded_for) { return 403; }
    default_type image/jpeg;
    return 200 x;
}
--- request
GET /cdn/art/dQw4w9WgXcQ
--- more_headers
Cookie: session=1
Referer: https://app.example/
User-Agent: listener
--- response_body chomp
x
