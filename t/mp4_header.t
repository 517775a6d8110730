# voyo_mp4_header: the durations in the header of a fragmented MP4 are set to 0 in
# place, or Apple's players show twice the duration (docs/upstream.md, V1 to V3).
# No other byte changes, and no other file.

use lib 't/lib';
use VOYO;

our ($dash, $right) = (VOYO::dash(12345), VOYO::dash(0));

plan 'no_plan';

run_tests();

__DATA__

=== TEST 1: three durations are made right, and no other byte
--- file eval
$::dash
--- response_body eval
$::right
--- response_headers
ETag: "dQw4w9WgXcQ.140.1.3584.m1"
Content-Length: 3584

=== TEST 2: the same from the cache
--- file eval
$::dash
--- cached
--- response_body eval
$::right
--- response_headers
Cache-Status: voyo; hit

=== TEST 3: a range within them
--- file eval
$::dash
--- more_headers
Range: bytes=40-200
--- error_code: 206
--- response_body eval
substr $::right, 40, 161

=== TEST 4: a prefetch stores the right one
--- file eval
$::dash
--- cached
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true
--- more_headers
Range: bytes=0-1023
--- error_code: 206
--- response_body eval
substr $::right, 0, 1024
--- response_headers
Cache-Status: voyo; hit

=== TEST 5: off: the source's bytes, under their own name
--- settings
MP4_HEADER off
--- file eval
$::dash
--- response_body eval
$::dash
--- response_headers
ETag: "dQw4w9WgXcQ.140.1.3584"

=== TEST 6: a file that is not fragmented is left alone
--- file eval
$::dash =~ s/mvex/free/r
--- response_body eval
$::dash =~ s/mvex/free/r

=== TEST 7: a header that is damaged is left alone
--- file eval
$::dash =~ s/mdhd/mdhx/r
--- response_body eval
$::dash =~ s/mdhd/mdhx/r

=== TEST 8: what only looks like one in the other codec is left alone
--- file eval
$::dash
--- record
251 opus 130000 3584 /140
--- response_body eval
$::dash
--- response_headers
ETag: "dQw4w9WgXcQ.251.1.3584"

=== TEST 9: it is done to the first slice only
--- file eval
("x" x 1024) . substr($::dash, 0, 2560)
--- response_body eval
("x" x 1024) . substr($::dash, 0, 2560)
