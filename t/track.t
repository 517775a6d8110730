# /cdn/track: a track's metadata and qualities for a page.  It is made from the
# record, without a request to the source, and contains no part of a URL.

use lib 't/lib';
use VOYO;

plan 'no_plan';

run_tests();

__DATA__

=== TEST 1: all fields
--- record
track dQw4w9WgXcQ title=A_Title artist=An_Artist album=An_Album artwork=https://i.ytimg.com/x.jpg duration=212091 loudness=-3.5
139 aac 48000 1300 /139
140 aac 129500 3584 /140
249 opus 50000 1400 /249
251 opus 130000 3600 /251
--- request
GET /cdn/track/dQw4w9WgXcQ
--- response_headers
Content-Type: application/json
Cache-Control: public, max-age=3600
Access-Control-Allow-Origin: *
--- response_body chomp
{"id":"dQw4w9WgXcQ","title":"A Title","artist":"An Artist","album":"An Album","duration":212.091,"loudness":-3.5,"artwork":"/cdn/art/dQw4w9WgXcQ","codecs":{"aac":{"low":{"bitrate":48000,"size":1300,"type":"audio/mp4"},"medium":{"bitrate":129500,"size":3584,"type":"audio/mp4"},"high":{"bitrate":129500,"size":3584,"type":"audio/mp4"}},"opus":{"low":{"bitrate":50000,"size":1400,"type":"audio/webm"},"medium":{"bitrate":130000,"size":3600,"type":"audio/webm"},"high":{"bitrate":130000,"size":3600,"type":"audio/webm"}}}}
--- fetched

=== TEST 2: unknown fields are null, a missing codec is empty
--- record
140 aac 129500 3584 /140
--- request
GET /cdn/track/dQw4w9WgXcQ
--- response_body chomp
{"id":"dQw4w9WgXcQ","title":null,"artist":null,"album":null,"duration":null,"loudness":null,"artwork":null,"codecs":{"aac":{"low":{"bitrate":129500,"size":3584,"type":"audio/mp4"},"medium":{"bitrate":129500,"size":3584,"type":"audio/mp4"},"high":{"bitrate":129500,"size":3584,"type":"audio/mp4"}},"opus":{}}}

=== TEST 3: the other form of the id
--- request
GET /cdn/track/vyo_ZFF3NHc5V2dYY1E
--- response_body_like: ^\{"id":"dQw4w9WgXcQ"

=== TEST 4: characters that JSON escapes
--- record
track dQw4w9WgXcQ title="\</script>é
140 aac 129500 3584 /140
--- request
GET /cdn/track/dQw4w9WgXcQ
--- response_body_like: "title":"\\"\\\\</script>é"

=== TEST 5: an unknown track is resolved, and then known for streaming
--- record
--- resolves
140 aac 129500 3584 /140
--- cached
/cdn/track/dQw4w9WgXcQ
--- bytes: 0-
--- asked
prefetch dQw4w9WgXcQ

=== TEST 6: a track that cannot be resolved
--- record
--- failure
geo_blocked 100
--- request
GET /cdn/track/dQw4w9WgXcQ
--- error_code: 451
--- response_headers
Content-Type: application/problem+json
Cache-Control: no-store
--- response_body_like: "code":"geo_blocked","retryable":false

=== TEST 7: a resolver that does not answer
--- record
--- resolver
--- settings
RESOLVE_TIMEOUT 200ms
--- request
GET /cdn/track/dQw4w9WgXcQ
--- error_code: 504
--- response_body_like: "code":"resolve_timeout"

=== TEST 8: another voyo_quality_tolerance
--- settings
QUALITY_TOLERANCE 0
--- record
139 aac 48000 1300 /139
140 aac 129500 3584 /140
--- request
GET /cdn/track/dQw4w9WgXcQ
--- response_body_like: "medium":\{"bitrate":48000,

=== TEST 9: the address of pictures is configured
--- record
track dQw4w9WgXcQ artwork=https://i.ytimg.com/x.jpg
140 aac 129500 3584 /140
--- edge
location ^~ /about/ { voyo_track $voyo_id artwork=https://img.example/$voyo_track.webp; }
location ^~ /bare/ { voyo_track $voyo_id; }
--- request eval
["GET /about/dQw4w9WgXcQ", "GET /bare/dQw4w9WgXcQ"]
--- response_body_like eval
[qr{"artwork":"https://img\.example/dQw4w9WgXcQ\.webp"}, qr{"artwork":null}]
