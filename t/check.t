# A 206 is checked before it is sent or cached: length, total, range, type and
# encoding.  nginx itself accepts anything, and would cache an error page as a
# slice of a track for years (docs/upstream.md, N18).

use lib 't/lib';
use VOYO;

plan 'no_plan';

# Four times wrong, as often as it is tried, then right: a 502, and nothing of
# it is in the cache.

table(<<"BLOCK", (<<'ROWS' =~ s/TEXT/'0123456789abcdef' x 64/egr));
{what}
--- record
140 aac 129500 3584 /140
track aaaaaaaaaaa
300 aac 129500 4000 /300
500 aac 129500 500 /500
--- resolves
140 aac 129500 3584 /140
track dQw4w9WgXcQ
140 aac 129500 3584 /140
--- media
location = /140 {
    if (\$http_range != "bytes=0-1023") { return 503; }
    limit_req zone=latch burst=3 nodelay;
    error_page 503 = \@right;
    proxy_pass http://127.0.0.1:\$server_port/wrong;
    {front}
}
location \@right { root \$TEST_NGINX_HOME/media; }
location = /wrong { access_log off; {wrong} }
--- request eval: ["GET /cdn/stream/dQw4w9WgXcQ", "GET /cdn/stream/dQw4w9WgXcQ"]
--- error_code eval: [502, 200]
--- bytes
any
0-
--- fetched
slices 0 0 0 0 0 1 2 3
--- says
sent {reason} for bytes 0-1023 of "dQw4w9WgXcQ.140.1.3584"
BLOCK
what | wrong | front | reason

the whole instead of a range | max_ranges 0; alias $TEST_NGINX_HOME/media/140; | | another status than 206
nothing at all               | return 204;                                     | | another status than 206
an unknown status            | return 299 x;                                   | | another status than 206
a failure                    | return 500;                                     | | another status than 206
no length, in chunks         | ssi on; ssi_types *; add_header Content-Range "bytes 0-1023/3584"; return 206 TEXT; | | no Content-Length
no length, to the end        | ssi on; ssi_types *; add_header Content-Range "bytes 0-1023/3584"; return 206 TEXT; | chunked_transfer_encoding off; keepalive_timeout 0; | no Content-Length
a body that is too short     | alias $TEST_NGINX_HOME/media/500;               | | a wrong Content-Length
a body that is too long      | add_header Content-Range "bytes 0-1023/3584"; return 206 xTEXT; | | a wrong Content-Length
an empty body                | add_header Content-Range "bytes 0-1023/3584"; return 206 "";    | | a wrong Content-Length
a page                       | default_type text/html; alias $TEST_NGINX_HOME/media/140;       | | another type than audio
a film                       | default_type video/mp4; alias $TEST_NGINX_HOME/media/140;       | | another type than audio
no type                      | default_type ""; alias $TEST_NGINX_HOME/media/140;              | | another type than audio
several parts                | default_type multipart/byteranges; alias $TEST_NGINX_HOME/media/140; | | another type than audio
compressed                   | add_header Content-Encoding gzip; alias $TEST_NGINX_HOME/media/140;  | | an encoded body
another total                | alias $TEST_NGINX_HOME/media/300;                               | | a wrong Content-Range
a total that is not told     | add_header Content-Range "bytes 0-1023/*"; return 206 TEXT;     | | a wrong Content-Range
another range                | add_header Content-Range "bytes 1-1024/3584"; return 206 TEXT;  | | a wrong Content-Range
another unit                 | add_header Content-Range "octets 0-1023/3584"; return 206 TEXT; | | a wrong Content-Range
no range                     | return 206 TEXT;                                                | | a wrong Content-Range
two ranges                   | add_header Content-Range "bytes 0-1023/3584"; alias $TEST_NGINX_HOME/media/140; | | two Content-Range fields
ROWS

run_tests();
