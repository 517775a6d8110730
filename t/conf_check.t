# Lines without which streaming works badly or not at all: nginx -t warns of
# what it can see, or the operator would hear of it from clients.

use lib 't/lib';
use VOYO;

plan 'no_plan';

table(<<'BLOCK', <<'ROWS');
{what}
--- replace
{replace}
--- request
GET /health/live
--- says
[warn]
{says}
BLOCK
what | replace | says

no slice           | slice 1k; => | location "/cdn/stream/" with "voyo_stream" has no "slice"
a slice too large  | slice 1k; => slice 2m; | location "@again" with "voyo_stream" has a "slice" above 1m
no cache           | proxy_cache voyo_cache; => | has no "proxy_cache"
no proxy           | proxy_pass http://voyo_origin; => | has no "proxy_pass"
stored later       | proxy_cache_min_uses 1; => proxy_cache_min_uses 2; | has "proxy_cache_min_uses" above 1
fills without end  | keepalive_timeout 75s; => keepalive_timeout 0; | location "/fill/" with "voyo_stream" has a "keepalive_timeout" of 0
errors are final   | 500 502 503 504 @again; => 500 @again; | has no "error_page" to a location with "voyo_stream again"
not to a location  | 500 502 503 504 @again; => 500 502 503 504 /50x.html; | has no "error_page" to a location with "voyo_stream again"
another key        | $voyo_representation$voyo_slice; => $voyo_representation$slice_range; | no "proxy_cache_key" ends with $voyo_slice
fills go nowhere   | codec=$arg_codec fill; => codec=$arg_codec;\nvoyo_stream again fill; => voyo_stream again; | "voyo_fill" has no location with the "fill" parameter
ROWS

run_tests();

__DATA__

=== TEST 1: a correct configuration
--- request
GET /health/live
--- no_error_log
with "voyo_stream"
[warn]

=== TEST 2: a slice that media hosts refuse is refused by the origin, and logged
--- replace
slice 1k; => slice 2m;
--- record
140 aac 129500 3000000 /140
--- error_code: 400
--- response_body_like: "code":"bad_request"
--- says
a slice of 2097152 bytes, at most 1048576 are fetched
--- fetched
