# The pace: data is fetched no faster than the client reads it.  For a client that
# has stopped reading, nginx's slice filter would go through a whole hour, cached
# or not (docs/upstream.md, N10).  t/test_pace.py measures memory and files.

use lib 't/lib';
use VOYO;

plan 'no_plan';

run_tests();

__DATA__

=== TEST 1: one who stops reading costs what the socket holds and a slice
--- record
140 aac 129500 8000000 /140
--- replace
slice 1k; => slice 64k;
--- unread: 16
--- request
GET /health/live
--- response_body
{"status":"healthy"}

=== TEST 2: another listener of the same track is not held up
--- record
140 aac 129500 8000000 /140
--- replace
slice 1k; => slice 64k;
--- unread: 16
--- more_headers
Range: bytes=7000000-7000099
--- error_code: 206
--- bytes: 7000000-7000099

=== TEST 3: and one who reads all has all, beside it
--- record
140 aac 129500 2000000 /140
--- replace
slice 1k; => slice 64k;
--- unread: 16
--- bytes: 0-

=== TEST 4: one who is limited in speed has every byte
--- record
140 aac 129500 1000000 /140
--- replace
slice 1k; => slice 64k;
--- edge
limit_rate 2m;
--- bytes: 0-

=== TEST 5: small slices are no hurry either
--- record
140 aac 129500 1000000 /140
--- unread: 800
--- request
GET /health/live
--- response_body
{"status":"healthy"}
