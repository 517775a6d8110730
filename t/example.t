# conf/example.conf, for those who have an nginx of their own: what is copied from
# the documentation must work.

use lib 't/lib';
use VOYO;

plan 'no_plan';

table(<<'BLOCK', <<'ROWS');
{what}
--- example
--- record
140 aac 129500 3584 {path}
--- media
location = /gone { access_log off; return 403; }
location = /moved { access_log off; return 302 http://$http_host/140; }
--- resolver
--- request
{request}
--- more_headers
{headers}
--- error_code: {status}
--- bytes: {bytes}
--- fetched
slices {slices}
BLOCK
what | path | request | headers | status | bytes | slices

the whole     | /140   | GET /cdn/stream/dQw4w9WgXcQ | | 200 | 0- | 0 1 2 3
a range       | /140   | GET /cdn/stream/dQw4w9WgXcQ | Range: bytes=1500-2100 | 206 | 1500-2100 | 1 2
HEAD          | /140   | HEAD /cdn/stream/dQw4w9WgXcQ | | 200 | none |
with a body   | /140   | GET /cdn/stream/dQw4w9WgXcQ\nhello | | 200 | 0- | 0 1 2 3
redirected    | /moved | GET /cdn/stream/dQw4w9WgXcQ | | 200 | 0- | 0 1 2 3
ROWS

run_tests();

__DATA__

=== TEST 1: no warning
--- example
--- request
GET /health
--- resolver
--- response_body_like: "status":"healthy"
--- no_error_log
[warn]
