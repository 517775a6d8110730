# Conditions, RFC 9110, section 13.  If If-Range is ignored, a resume joins two
# encodings in one file; a missing 304 transfers the whole track again.  What the
# record determines is answered without the source.  Each request is sent twice:
# with an empty cache, and with the slices cached.

use lib 't/lib';
use VOYO;

plan 'no_plan';

table(<<'BLOCK', <<'ROWS');
{what}
--- request eval: [('{method} /cdn/stream/dQw4w9WgXcQ') x 2]
--- more_headers
{headers}
--- error_code eval: [({status}) x 2]
--- bytes
{bytes}
{bytes}
--- fetched
slices {slices}
BLOCK
what | method | headers | status | bytes | slices

# section 13.1.5, If-Range
13.1.5: a resume of the same bytes          | GET | Range: bytes=1500-1599\nIf-Range: "dQw4w9WgXcQ.140.1.3584.m1"   | 206 | 1500-1599 | 1
13.1.5: a suffix of the same bytes          | GET | Range: bytes=-500\nIf-Range: "dQw4w9WgXcQ.140.1.3584.m1"        | 206 | 3084- | 3
13.1.5: a resume of other bytes             | GET | Range: bytes=100-199\nIf-Range: "dQw4w9WgXcQ.140.2.3584"     | 200 | 0- | 0 1 2 3
13.1.5: a longer tag                        | GET | Range: bytes=100-199\nIf-Range: "dQw4w9WgXcQ.140.1.35840"    | 200 | 0- | 0 1 2 3
13.1.5: the comparison is strong            | GET | Range: bytes=100-199\nIf-Range: W/"dQw4w9WgXcQ.140.1.3584.m1"   | 200 | 0- | 0 1 2 3
13.1.5: a tag without quotes is none        | GET | Range: bytes=100-199\nIf-Range: dQw4w9WgXcQ.140.1.3584       | 200 | 0- | 0 1 2 3
13.1.5: there is no date to compare with    | GET | Range: bytes=100-199\nIf-Range: Sat, 29 Oct 1994 19:43:31 GMT | 200 | 0- | 0 1 2 3
13.1.5: a date to come                      | GET | Range: bytes=100-199\nIf-Range: Fri, 29 Oct 2094 19:43:31 GMT | 200 | 0- | 0 1 2 3
13.1.5: without a range it says nothing     | GET | If-Range: "other" | 200 | 0- | 0 1 2 3
13.1.5: beyond the end of the same          | GET | Range: bytes=9999-\nIf-Range: "dQw4w9WgXcQ.140.1.3584.m1"       | 416 | any |
13.1.5: beyond the end of another           | GET | Range: bytes=9999-\nIf-Range: "other"                        | 200 | 0- | 0 1 2 3

# section 13.1.2, If-None-Match
13.1.2: a browser has it                    | GET | If-None-Match: "dQw4w9WgXcQ.140.1.3584.m1"           | 304 | none |
13.1.2: the comparison is weak              | GET | If-None-Match: W/"dQw4w9WgXcQ.140.1.3584.m1"         | 304 | none |
13.1.2: one of a list                       | GET | If-None-Match: "x", "dQw4w9WgXcQ.140.1.3584.m1"      | 304 | none |
13.1.2: any                                 | GET | If-None-Match: *                                  | 304 | none |
13.1.2: another                             | GET | If-None-Match: "x"                                | 200 | 0- | 0 1 2 3
13.1.2: another whose end is ours           | GET | If-None-Match: x"dQw4w9WgXcQ.140.1.3584.m1"          | 200 | 0- | 0 1 2 3
13.1.2: another whose beginning is ours     | GET | If-None-Match: "dQw4w9WgXcQ.140.1.3584.m1"x          | 200 | 0- | 0 1 2 3
13.1.2: spaces in a list                    | GET | If-None-Match: "x" ,	"dQw4w9WgXcQ.140.1.3584.m1"  | 304 | none |
13.1.2: two without a comma are no list     | GET | If-None-Match: "dQw4w9WgXcQ.140.1.3584.m1" "x"   | 200 | 0- | 0 1 2 3
13.1.2: a parameter                         | GET | If-None-Match: "dQw4w9WgXcQ.140.1.3584.m1";a     | 200 | 0- | 0 1 2 3
13.1.2: HEAD of what a browser has          | HEAD | If-None-Match: "dQw4w9WgXcQ.140.1.3584.m1"          | 304 | none |
13.1.2: HEAD of another                     | HEAD | If-None-Match: "x"                               | 200 | none |
13.1.2: the other format is another         | GET | If-None-Match: "dQw4w9WgXcQ.251.1.3584"           | 200 | 0- | 0 1 2 3
13.2.2: it goes before a range              | GET | Range: bytes=0-9\nIf-None-Match: "dQw4w9WgXcQ.140.1.3584.m1" | 304 | none |
13.2.2: and before a range beyond the end   | GET | Range: bytes=9999-\nIf-None-Match: "dQw4w9WgXcQ.140.1.3584.m1" | 304 | none |
13.2.2: a range of another                  | GET | Range: bytes=0-9\nIf-None-Match: "x"              | 206 | 0-9 | 0

# section 13.1.3, If-Modified-Since: there is no date
13.1.3: an old date                         | GET | If-Modified-Since: Sat, 29 Oct 1994 19:43:31 GMT  | 200 | 0- | 0 1 2 3
13.1.3: a date to come                      | GET | If-Modified-Since: Fri, 29 Oct 2094 19:43:31 GMT  | 200 | 0- | 0 1 2 3
13.1.3: it is ignored beside If-None-Match  | GET | If-None-Match: "dQw4w9WgXcQ.140.1.3584.m1"\nIf-Modified-Since: Sat, 29 Oct 1994 19:43:31 GMT | 304 | none |

# section 13.1.1, If-Match
13.1.1: the same                            | GET | If-Match: "dQw4w9WgXcQ.140.1.3584.m1"                | 200 | 0- | 0 1 2 3
13.1.1: any                                 | GET | If-Match: *                                       | 200 | 0- | 0 1 2 3
13.1.1: one of a list                       | GET | If-Match: "x", "dQw4w9WgXcQ.140.1.3584.m1"           | 200 | 0- | 0 1 2 3
13.1.1: another                             | GET | If-Match: "x"                                     | 412 | any |
13.1.1: the comparison is strong            | GET | If-Match: W/"dQw4w9WgXcQ.140.1.3584.m1"              | 412 | any |
13.1.1: another whose end is ours           | GET | If-Match: x"dQw4w9WgXcQ.140.1.3584.m1"           | 412 | any |
13.1.1: a range of the same                 | GET | Range: bytes=1500-1599\nIf-Match: "dQw4w9WgXcQ.140.1.3584.m1" | 206 | 1500-1599 | 1
13.1.1: a range of another                  | GET | Range: bytes=0-9\nIf-Match: "x"                   | 412 | any |
13.1.1: HEAD of another                     | HEAD | If-Match: "x"                                    | 412 | none |

# section 13.1.4, If-Unmodified-Since: there is no date
13.1.4: an old date                         | GET | If-Unmodified-Since: Sat, 29 Oct 1994 19:43:31 GMT | 200 | 0- | 0 1 2 3
13.1.4: a date to come                      | GET | If-Unmodified-Since: Fri, 29 Oct 2094 19:43:31 GMT | 200 | 0- | 0 1 2 3
ROWS

run_tests();

__DATA__

=== TEST 1: 412 is an error like any other
--- request
GET /cdn/stream/dQw4w9WgXcQ
--- more_headers
If-Match: "x"
--- error_code: 412
--- response_headers
Content-Type: application/problem+json
Cache-Control: no-store
--- response_body_like: "code":"changed","retryable":false
