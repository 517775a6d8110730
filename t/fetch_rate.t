# A limit of the slices that one client causes to be fetched: a range of one
# byte costs a whole slice.  It must not be an error in mid-track, and not
# another client's.

use lib 't/lib';
use VOYO;

plan 'no_plan';

our $limit = <<'END';
FETCH_ZONE limit_req_zone $http_x_voyo_client zone=voyo_fetch:1m rate=1r/m;
FETCH limit_req zone=voyo_fetch burst=1 nodelay; limit_req_status 420; limit_req_log_level notice; error_page 420 = @limited;
REAL_IP real_ip_header X-Forwarded-For; set_real_ip_from 127.0.0.1;
END

run_tests();

__DATA__

=== TEST 1: an error before the first byte
--- settings eval: $::limit
--- cached
/cdn/stream/dQw4w9WgXcQ 1024-1024
/cdn/stream/dQw4w9WgXcQ 2048-2048
--- request
GET /cdn/stream/dQw4w9WgXcQ
--- error_code: 429
--- response_headers
Content-Type: application/problem+json
Cache-Control: no-store
Retry-After: 5
--- response_body_like: "code":"too_many_requests","retryable":true
--- fetched
slices 1 2

=== TEST 2: a header and a cut for a resume
--- settings eval: $::limit
--- cached
/cdn/stream/dQw4w9WgXcQ 1024-1024
/cdn/stream/dQw4w9WgXcQ 2048-2048
--- more_headers
Range: bytes=10-
--- error_code: 206
--- bytes: 10-
--- cut: 0
--- fetched
slices 1 2

=== TEST 3: a cut in mid-track
--- settings eval: $::limit
--- bytes: 0-
--- cut: 1024
--- fetched
slices 0 1

=== TEST 4: cached slices are not counted
--- settings eval: $::limit
--- cached
/cdn/stream/dQw4w9WgXcQ 0-0
/cdn/stream/dQw4w9WgXcQ 0-0
/cdn/stream/dQw4w9WgXcQ 0-0
--- more_headers
Range: bytes=1024-2047
--- error_code: 206
--- bytes: 1024-2047
--- fetched
slices 0 1

=== TEST 5: another client is not limited
--- settings eval: $::limit
--- cached
/cdn/stream/dQw4w9WgXcQ 1024-1024
/cdn/stream/dQw4w9WgXcQ 2048-2048
--- more_headers
X-Forwarded-For: 192.0.2.1
Range: bytes=0-2047
--- error_code: 206
--- bytes: 0-2047
--- fetched
slices 0 1 2

=== TEST 6: a prefetch is counted for its client
--- settings eval: $::limit
--- cached
/cdn/stream/dQw4w9WgXcQ 1024-1024
/cdn/stream/dQw4w9WgXcQ 2048-2048
--- request
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true
--- error_code: 429
--- response_headers
Retry-After: 5
--- fetched
slices 1 2

=== TEST 7: reading ahead is not counted
--- settings eval: "AHEAD 2\n" . $::limit
--- more_headers
Range: bytes=0-2047
--- error_code: 206
--- bytes: 0-2047

=== TEST 8: beside the limit of unknown tracks
--- settings eval
$::limit . 'LIMIT_ZONE limit_req_zone $voyo_cold_key zone=voyo_cold:1m rate=100r/m; limit_req_status 429;
LIMIT limit_req zone=voyo_cold burst=10 nodelay; error_page 429 = @limited;'
--- cached
/cdn/stream/dQw4w9WgXcQ 1024-1024
/cdn/stream/dQw4w9WgXcQ 2048-2048
--- more_headers
Range: bytes=10-
--- error_code: 206
--- bytes: 10-
--- cut: 0
