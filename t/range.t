# Ranges, RFC 9110, section 14: Safari requests two bytes first, every seek is a
# range, and a wrong byte or total is a click or ends playback.  A range fetches
# only its own slices, so a suffix range must not fetch slice 0.  Each request is
# sent twice: with an empty cache, and with the slices cached.

use lib 't/lib';
use VOYO;

plan 'no_plan';

table(<<'BLOCK', <<'ROWS');
{what}
--- request eval: [('GET /cdn/stream/dQw4w9WgXcQ') x 2]
--- more_headers
Range: {range}
--- error_code eval: [({status}) x 2]
--- response_headers eval: [("{content_range}\n! Vary\n! Last-Modified") x 2]
--- bytes
{bytes}
{bytes}
--- fetched
slices {slices}
BLOCK
what | range | status | content_range | bytes | slices

two bytes, as Safari begins   | bytes=0-1       | 206 | Content-Range: bytes 0-1/3584       | 0-1       | 0
one byte                      | bytes=0-0       | 206 | Content-Range: bytes 0-0/3584       | 0-0       | 0
all, as Chromium begins       | bytes=0-        | 206 | Content-Range: bytes 0-3583/3584    | 0-        | 0 1 2 3
one slice                     | bytes=0-1023    | 206 | Content-Range: bytes 0-1023/3584    | 0-1023    | 0
a slice and a byte            | bytes=0-1024    | 206 | Content-Range: bytes 0-1024/3584    | 0-1024    | 0 1
a seek                        | bytes=1500-     | 206 | Content-Range: bytes 1500-3583/3584 | 1500-     | 1 2 3
a part of the middle          | bytes=1500-1599 | 206 | Content-Range: bytes 1500-1599/3584 | 1500-1599 | 1
one byte of the middle        | bytes=1500-1500 | 206 | Content-Range: bytes 1500-1500/3584 | 1500-1500 | 1
the seam of two slices        | bytes=1023-1024 | 206 | Content-Range: bytes 1023-1024/3584 | 1023-1024 | 0 1
just the second slice         | bytes=1024-2047 | 206 | Content-Range: bytes 1024-2047/3584 | 1024-2047 | 1
from within one to the third  | bytes=1124-2148 | 206 | Content-Range: bytes 1124-2148/3584 | 1124-2148 | 1 2
the last byte                 | bytes=3583-     | 206 | Content-Range: bytes 3583-3583/3584 | 3583-3583 | 3
the last byte, both ends      | bytes=3583-3583 | 206 | Content-Range: bytes 3583-3583/3584 | 3583-3583 | 3
an end beyond the last        | bytes=1500-9999 | 206 | Content-Range: bytes 1500-3583/3584 | 1500-     | 1 2 3
all, and an end beyond        | bytes=0-9999    | 206 | Content-Range: bytes 0-3583/3584    | 0-        | 0 1 2 3
a suffix                      | bytes=-500      | 206 | Content-Range: bytes 3084-3583/3584 | 3084-     | 3
the last byte as a suffix     | bytes=-1        | 206 | Content-Range: bytes 3583-3583/3584 | 3583-     | 3
a suffix of two slices        | bytes=-600      | 206 | Content-Range: bytes 2984-3583/3584 | 2984-     | 2 3
a suffix that is all          | bytes=-3584     | 206 | Content-Range: bytes 0-3583/3584    | 0-        | 0 1 2 3
a suffix longer than all      | bytes=-9999     | 206 | Content-Range: bytes 0-3583/3584    | 0-        | 0 1 2 3

beyond the end                | bytes=3584-     | 416 | Content-Range: bytes */3584 | any |
both ends beyond              | bytes=5000-6000 | 416 | Content-Range: bytes */3584 | any |
an empty suffix               | bytes=-0        | 416 | Content-Range: bytes */3584 | any |
reversed                      | bytes=9-5       | 416 | Content-Range: bytes */3584 | any |
no numbers                    | bytes=abc       | 416 | Content-Range: bytes */3584 | any |
a dash alone                  | bytes=-         | 416 | Content-Range: bytes */3584 | any |
no dash                       | bytes=5         | 416 | Content-Range: bytes */3584 | any |
two dashes                    | bytes=--5       | 416 | Content-Range: bytes */3584 | any |
rubbish behind it             | bytes=0-5x      | 416 | Content-Range: bytes */3584 | any |
a sign                        | bytes=+1-5      | 416 | Content-Range: bytes */3584 | any |
a number that overflows       | bytes=99999999999999999999- | 416 | Content-Range: bytes */3584 | any |
a suffix that overflows       | bytes=-99999999999999999999 | 416 | Content-Range: bytes */3584 | any |

spaces                        | bytes= 0 - 5    | 206 | Content-Range: bytes 0-5/3584 | 0-5 | 0
capitals                      | BYTES=0-4       | 206 | Content-Range: bytes 0-4/3584 | 0-4 | 0
leading zeros                 | bytes=00-0004   | 206 | Content-Range: bytes 0-4/3584 | 0-4 | 0
another unit is ignored       | octets=0-5      | 200 | ! Content-Range | 0- | 0 1 2 3
no unit                       | 0-5             | 200 | ! Content-Range | 0- | 0 1 2 3
nothing at all                | bytes=          | 200 | ! Content-Range | 0- | 0 1 2 3
no equals sign                | bytes 0-5       | 200 | ! Content-Range | 0- | 0 1 2 3
hexadecimal                   | bytes=0x0-5     | 416 | Content-Range: bytes */3584 | any |
an end that overflows         | bytes=0-99999999999999999999 | 416 | Content-Range: bytes */3584 | any |
two ranges are the whole      | bytes=0-5,10-15 | 200 | ! Content-Range | 0- | 0 1 2 3
a range and a suffix too      | bytes=0-5,-5    | 200 | ! Content-Range | 0- | 0 1 2 3
one of two is beyond the end  | bytes=0-5,9999-     | 200 | ! Content-Range | 0- | 0 1 2 3
the first of two is           | bytes=9999-,5-9     | 200 | ! Content-Range | 0- | 0 1 2 3
both are                      | bytes=9999-,8888-   | 200 | ! Content-Range | 0- | 0 1 2 3
ROWS

run_tests();
