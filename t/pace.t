# The pace: data is fetched no faster than the client reads it.  For a client that
# has stopped reading, nginx's slice filter would go through a whole hour, cached
# or not (docs/upstream.md, N10).  t/test_pace.py measures memory and files.

use lib 't/lib';
use VOYO;

plan 'no_plan';

run_tests();

__DATA__

=== TEST 1: a client that stops reading costs what the socket holds and one slice
--- record
140 aac 129500 8000000 /140
--- replace
slice 1k; => slice 64k;
--- unread: 16
--- request
GET /health/live
--- response_body
{"status":"healthy"}

=== TEST 2: another client of the same track is not delayed
--- record
140 aac 129500 8000000 /140
--- replace
slice 1k; => slice 64k;
--- unread: 16
--- more_headers
Range: bytes=7000000-7000099
--- error_code: 206
--- bytes: 7000000-7000099

=== TEST 3: a client that reads everything receives everything
--- record
140 aac 129500 2000000 /140
--- replace
slice 1k; => slice 64k;
--- unread: 16
--- bytes: 0-

=== TEST 4: a client with limit_rate receives every byte
--- record
140 aac 129500 1000000 /140
--- replace
slice 1k; => slice 64k;
--- edge
limit_rate 2m;
--- bytes: 0-

=== TEST 5: small slices
--- record
140 aac 129500 1000000 /140
--- unread: 800
--- request
GET /health/live
--- response_body
{"status":"healthy"}
