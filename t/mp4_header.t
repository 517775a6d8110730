# voyo_mp4_header: the durations in the header of a fragmented MP4 are set to 0 in
# place, or Apple's players show twice the duration (docs/upstream.md, V1 to V3).
# No other byte changes, and no other file.

use lib 't/lib';
use VOYO;

our ($dash, $right) = (VOYO::dash(12345), VOYO::dash(0));

plan 'no_plan';

run_tests();

__DATA__

=== TEST 1: three durations are changed, and no other byte
--- file eval
$::dash
--- response_body eval
$::right
--- response_headers
ETag: "dQw4w9WgXcQ.140.1.3584.m1"
Content-Length: 3584

=== TEST 2: from the cache
--- file eval
$::dash
--- cached
--- response_body eval
$::right
--- response_headers
Cache-Status: voyo; hit

=== TEST 3: a range within the durations
--- file eval
$::dash
--- more_headers
Range: bytes=40-200
--- error_code: 206
--- response_body eval
substr $::right, 40, 161

=== TEST 4: a prefetch stores the changed header
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

=== TEST 5: off: the source's bytes, with another ETag
--- settings
MP4_HEADER off
--- file eval
$::dash
--- response_body eval
$::dash
--- response_headers
ETag: "dQw4w9WgXcQ.140.1.3584"

=== TEST 6: a file that is not fragmented is unchanged
--- file eval
$::dash =~ s/mvex/free/r
--- response_body eval
$::dash =~ s/mvex/free/r

=== TEST 7: a damaged header is unchanged
--- file eval
$::dash =~ s/mdhd/mdhx/r
--- response_body eval
$::dash =~ s/mdhd/mdhx/r

=== TEST 8: the other codec is unchanged
--- file eval
$::dash
--- record
251 opus 130000 3584 /140
--- response_body eval
$::dash
--- response_headers
ETag: "dQw4w9WgXcQ.251.1.3584"

=== TEST 9: only the first slice is changed
--- file eval
("x" x 1024) . substr($::dash, 0, 2560)
--- response_body eval
("x" x 1024) . substr($::dash, 0, 2560)
