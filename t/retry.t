# A slice in mid-track that cannot be fetched is requested again for a while,
# with the header already sent.  A browser resumes a closed connection only 30
# times (docs/upstream.md, P3), and every resume costs a request.

use lib 't/lib';
use VOYO;

plan 'no_plan';

our $LATER = <<'END';
location = /140 {
    if ($http_range = "bytes=2048-3071") { rewrite ^ /later last; }
    root $TEST_NGINX_HOME/media;
}
location = /later {
    limit_req zone=latch nodelay;
    error_page 503 = @right;
    proxy_pass http://127.0.0.1:$server_port/wrong;
}
location @right { rewrite ^ /140 break; root $TEST_NGINX_HOME/media; }
location = /wrong { access_log off; return 403; }
END

our $FIRST = <<'END';
location = /dead {
    limit_req zone=latch nodelay;
    error_page 503 = @right;
    proxy_pass http://127.0.0.1:$server_port/wrong;
}
location @right { rewrite ^ /140 break; root $TEST_NGINX_HOME/media; }
location = /wrong { access_log off; return 403; }
END

run_tests();

__DATA__

=== TEST 1: a resume is served when the source has recovered
--- settings
RETRY_TIMEOUT 20s
--- record
140 aac 129500 3584 /dead
--- media eval: $::FIRST
--- more_headers
Range: bytes=1500-
--- error_code: 206
--- response_headers
Content-Type: audio/mp4
Content-Length: 2084
Content-Range: bytes 1500-3583/3584
ETag: "dQw4w9WgXcQ.140.1.3584.m1"
Accept-Ranges:
--- bytes: 1500-
--- logged
{"time":*,"message":"GET /cdn/stream/dQw4w9WgXcQ 206","level":"info","status":206,"track":"dQw4w9WgXcQ","range":"bytes=1500-","bytes":2084,"time_taken":*,"resolve_time":*,"cache":"MISS","problem":"","repairs":"3","request":*}

=== TEST 2: a resume within the first slice
--- settings
RETRY_TIMEOUT 20s
--- record
140 aac 129500 3584 /dead
--- media eval: $::FIRST
--- more_headers
Range: bytes=100-
--- error_code: 206
--- bytes: 100-

=== TEST 3: a later slice
--- settings
RETRY_TIMEOUT 20s
--- media eval: $::LATER
--- bytes: 0-
--- fetched
slices 0 1 3
/later 2048-3071
/140 2048-3071

=== TEST 4: a later slice of a resume
--- settings
RETRY_TIMEOUT 20s
--- media eval: $::LATER
--- more_headers
Range: bytes=1500-
--- error_code: 206
--- bytes: 1500-

=== TEST 5: a source that does not recover in time is a cut
--- settings
RETRY_TIMEOUT 100ms
--- record
140 aac 129500 3584 /dead
--- media
location = /dead { return 403; }
--- more_headers
Range: bytes=1500-
--- error_code: 206
--- bytes: 1500-
--- cut: 0
--- says
cannot be fetched, no_resolver, the connection is closed
--- fetched
/dead 1024-2047
/dead 1024-2047

=== TEST 6: a source that does not recover in mid-track is a cut
--- settings
RETRY_TIMEOUT 100ms
--- media
location = /140 {
    if ($http_range = "bytes=2048-3071") { return 403; }
    root $TEST_NGINX_HOME/media;
}
--- bytes: 0-
--- cut: 1024
--- says
cannot be fetched, no_resolver, the connection is closed
--- fetched
slices 0 1 2 2

=== TEST 7: more attempts than nginx allows redirects
--- settings
RETRY_TIMEOUT 30s
--- record
140 aac 129500 3584 /dead
--- media eval
(my $media = $::FIRST) =~ s/nodelay/burst=10 nodelay/; $media
--- more_headers
Range: bytes=1500-1599
--- timeout: 30
--- error_code: 206
--- bytes: 1500-1599

=== TEST 8: a permanent failure is a cut at once
--- settings
RETRY_TIMEOUT 20s
--- record
140 aac 129500 3584 /140
--- resolves
140 aac 129500 3584 /140 lmt=2
--- media
location = /140 {
    if ($http_range = "bytes=2048-3071") { return 403; }
    root $TEST_NGINX_HOME/media;
}
--- bytes: 0-
--- cut: 1024
--- says
cannot be fetched, representation_gone, the connection is closed

=== TEST 9: the beginning of a track is a problem at once
--- settings
RETRY_TIMEOUT 20s
--- record
140 aac 129500 3584 /dead
--- media
location = /dead { return 403; }
--- error_code: 503
--- response_body_like: "code":"no_resolver"
--- fetched
/dead 0-1023

=== TEST 10: HEAD, and a fill, are not retried
--- settings
RETRY_TIMEOUT 20s
--- record
140 aac 129500 3584 /dead
--- media
location = /dead { return 403; }
--- request
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true
--- error_code: 503
--- fetched
/dead 0-1023

=== TEST 11: no other response is mixed into the audio
--- settings
RETRY_TIMEOUT 20s
--- record
140 aac 129500 3584 /dead
--- media
location = /dead { return 403; }
--- replace
error_page 400 401 403 404 410 451 500 502 503 504 @again; => error_page 400 401 403 404 410 451 500 502 503 504 @once;
--- edge
location @once {
    voyo_stream again;
    slice 1k;
    proxy_set_header X-Voyo-Representation $voyo_representation;
    proxy_set_header Range $slice_range;
    proxy_pass http://voyo_origin;
}
--- more_headers
Range: bytes=1500-
--- error_code: 206
--- bytes: 1500-
--- cut: 0

=== TEST 12: bounds
--- http_config
voyo_retry_timeout 31s;
--- must_die
--- error_log
[emerg]
value must be between 0 and 30000

=== TEST 13: an outage of the media hosts is not one extraction after another
--- settings
RETRY_TIMEOUT 3s
--- record
140 aac 129500 3584 /dead
--- resolves
track dQw4w9WgXcQ
140 aac 129500 3584 /dead
track dQw4w9WgXcQ
140 aac 129500 3584 /dead
track dQw4w9WgXcQ
140 aac 129500 3584 /dead
track dQw4w9WgXcQ
140 aac 129500 3584 /dead
--- media
location = /dead { access_log off; return 403; }
--- more_headers
Range: bytes=1500-
--- error_code: 206
--- bytes: 1500-
--- cut: 0
--- asked
play dQw4w9WgXcQ
play dQw4w9WgXcQ
