# The variables, for an operator's logs, limits and headers: each has its value
# in every phase that can evaluate it, also in refused requests.  A wrong value
# would limit clients that only play cached tracks.

use lib 't/lib';
use VOYO;

plan 'no_plan';

# In the log, when all is over.

table(<<'BLOCK', <<'ROWS');
in the log: {what}
--- http_config
log_format own '"$voyo_id" "$voyo_track" "$voyo_quality" "$voyo_representation" "$voyo_served" "$voyo_accesses" "$voyo_cold_key"';
--- settings
ACCESS_LOG $TEST_NGINX_HOME/access.log own
--- record
{record}
--- cached
{cached}
--- request
{request}
--- error_code_like: ^\d+$
--- logged
{log}
BLOCK
what | record | cached | request | log

a track that the zone knows | 140 aac 129500 3584 /140 | HEAD /cdn/stream/dQw4w9WgXcQ | GET /cdn/stream/dQw4w9WgXcQ?quality=low | "dQw4w9WgXcQ" "dQw4w9WgXcQ" "high" "dQw4w9WgXcQ.140.1.3584.m1" "medium; codec=aac; bitrate=129500" "0" ""\n"dQw4w9WgXcQ" "dQw4w9WgXcQ" "low" "dQw4w9WgXcQ.140.1.3584.m1" "medium; codec=aac; bitrate=129500" "1" ""
its other spelling   | 140 aac 129500 3584 /140 | HEAD /cdn/stream/dQw4w9WgXcQ | HEAD /cdn/stream/vyo_ZFF3NHc5V2dYY1E | "dQw4w9WgXcQ" "dQw4w9WgXcQ" "high" "dQw4w9WgXcQ.140.1.3584.m1" "medium; codec=aac; bitrate=129500" "0" ""\n"vyo_ZFF3NHc5V2dYY1E" "dQw4w9WgXcQ" "high" "dQw4w9WgXcQ.140.1.3584.m1" "medium; codec=aac; bitrate=129500" "1" ""
a track that cannot be resolved | | HEAD /health/live | GET /cdn/stream/dQw4w9WgXcQ | "" "-" "-" "-" "-" "-" ""\n"dQw4w9WgXcQ" "dQw4w9WgXcQ" "high" "-" "-" "-" "127.0.0.1"
a bad track | | HEAD /health/live | GET /cdn/stream/short | "" "-" "-" "-" "-" "-" ""\n"short" "-" "high" "-" "-" "-" ""
a description | 140 aac 129500 3584 /140 | HEAD /health/live | GET /cdn/track/dQw4w9WgXcQ | "" "-" "-" "-" "-" "-" ""\n"dQw4w9WgXcQ" "dQw4w9WgXcQ" "-" "-" "-" "-" ""
ROWS

# In each phase: a track is blocked there, in whatever way it is requested, and
# another one is not.

our @requests = map { "GET /cdn/stream/$_" }
                'dQw4w9WgXcQ', 'vyo_ZFF3NHc5V2dYY1E', '%64Qw4w9WgXc%51',
                './/dQw4w9WgXcQ?quality=low', 'aaaaaaaaaaa',
                'vyo_YWFhYWFhYWFhYWE';

table(<<'BLOCK', <<'ROWS');
a block list, {where}
--- record
140 aac 129500 3584 /140
track aaaaaaaaaaa
140 aac 129500 3584 /140
--- http_config
map $voyo_track $blocked { dQw4w9WgXcQ 1; }
map $voyo_track $blocked_key { dQw4w9WgXcQ x; }
limit_req_zone $blocked_key zone=blocked:1m rate=1r/m;
limit_req_log_level notice;
--- location
{location}
--- edge
{edge}
--- request eval: \@main::requests
--- error_code eval: [{first}, ({status}) x 3, 200, 200]
BLOCK
where | location | edge | first | status

server, if    | | if ($blocked) { return 451; } | 451 | 451
server, set   | if ($early = dQw4w9WgXcQ) { return 451; } | set $early $voyo_track; | 451 | 451
location, if  | if ($voyo_track = dQw4w9WgXcQ) { return 451; } | | 451 | 451
location, set | set $late $voyo_track; if ($late = dQw4w9WgXcQ) { return 451; } | | 451 | 451
limit_req     | limit_req zone=blocked; | | 200 | 503
access, in a subrequest  | auth_request /auth; | location = /auth { if ($blocked) { return 403; } return 204; } | 403 | 403
content, in a subrequest | auth_request /auth; | location = /auth { proxy_pass http://127.0.0.1:$TEST_NGINX_EDGE_PORT/app; proxy_set_header X-Track $voyo_track; } location = /app { if ($http_x_track = dQw4w9WgXcQ) { return 403; } return 204; } | 403 | 403
ROWS

# The same variables, wherever they are evaluated.

table(<<'BLOCK', <<'ROWS');
{what}
--- record
140 aac 129500 3584 /140
--- http_config
log_format own '$voyo_id $voyo_track $voyo_quality $problem';
map $voyo_problem $problem { default $voyo_problem; "" -; }
map $voyo_track $track { default $voyo_track; "" -; }
--- location
{location}
--- edge
{edge}
--- settings
ACCESS_LOG $TEST_NGINX_HOME/access.log own
--- request
GET {path}
--- error_code: {status}
--- logged
{log}
BLOCK
what | location | edge | path | status | log

a refusal by the server         | | return 403; | /cdn/stream/vyo_ZFF3NHc5V2dYY1E?quality=low | 403 | vyo_ZFF3NHc5V2dYY1E dQw4w9WgXcQ low -
a refusal by the location       | return 403; | | /cdn/stream/dQw4w9WgXcQ?quality=low | 403 | dQw4w9WgXcQ dQw4w9WgXcQ low refused
an error_page with an address   | error_page 403 /no; return 403; | location = /no { return 200; } | /cdn/stream/dQw4w9WgXcQ | 403 | dQw4w9WgXcQ dQw4w9WgXcQ high refused
a limit of a description        | | location ^~ /cdn/track/d { voyo_track d$voyo_id; error_page 429 @limited; if ($voyo_track) { return 429; } } | /cdn/track/dQw4w9WgXcQ | 429 | Qw4w9WgXcQ dQw4w9WgXcQ - too_many_requests
a regular expression, refused   | | location ~ ^/audio/(?<own>.+)/(?<level>.+)$ { voyo_stream $own quality=$level; error_page 403 @told; return 403; } location @told { return 404; } | /audio/vyo_ZFF3NHc5V2dYY1E/low | 404 | - dQw4w9WgXcQ low refused
a quality that does not exist   | | if ($voyo_quality) { return 403; } | /cdn/stream/dQw4w9WgXcQ?quality=no | 400 | dQw4w9WgXcQ dQw4w9WgXcQ high bad_quality
an id from a "set"              | | location /own/ { set $own dQw4w9WgXcQ; voyo_stream $own; return 403; } | /own/x | 403 | x dQw4w9WgXcQ high refused
a location that is not VOYO's   | | location /own/ { return 200; } | /own/dQw4w9WgXcQ | 200 | dQw4w9WgXcQ - - -
an address that is rewritten    | rewrite /cdn/stream/(.*) /own/$1 last; | location /own/ { return 200 $voyo_id; } | /cdn/stream/aaaaaaaaaaa | 200 | aaaaaaaaaaa - - -
the longest prefix              | | location ^~ /cdn/stream/x/ { voyo_stream $voyo_id; } if ($voyo_id = dQw4w9WgXcQ) { return 403; } | /cdn/stream/x/dQw4w9WgXcQ | 403 | dQw4w9WgXcQ dQw4w9WgXcQ high -
ROWS

run_tests();

__DATA__

=== TEST 1: in a location's rewrite phase, and in a named location
--- location
if ($voyo_id = "dQw4w9WgXcQ") { return 402; }
error_page 402 = @told;
--- edge
location @told { return 200 "id $voyo_id $voyo_track\n"; }
--- error_code: 200
--- response_body_like: ^id dQw4w9WgXcQ dQw4w9WgXcQ$

=== TEST 2: $voyo_cold_key limits clients that request unknown tracks
--- settings
LIMIT_ZONE limit_req_zone $voyo_cold_key zone=voyo_cold:1m rate=1r/m; limit_req_status 429; limit_req_log_level notice;
LIMIT limit_req zone=voyo_cold nodelay; error_page 429 = @limited;
--- record
track aaaaaaaaaaa
140 aac 129500 3584 /140
track bbbbbbbbbbb
140 aac 129500 3584 /140
--- cached
/cdn/stream/aaaaaaaaaaa
--- request
GET /cdn/stream/bbbbbbbbbbb
--- error_code: 429
--- response_headers
Retry-After: 5
Content-Type: application/problem+json
Cache-Control: no-store
--- response_body_like: "code":"too_many_requests","retryable":true

=== TEST 3: $voyo_cold_key does not limit known tracks
--- settings
LIMIT_ZONE limit_req_zone $voyo_cold_key zone=voyo_cold:1m rate=1r/m; limit_req_status 429; limit_req_log_level notice;
LIMIT limit_req zone=voyo_cold nodelay; error_page 429 = @limited;
--- cached
/cdn/stream/dQw4w9WgXcQ
/cdn/stream/dQw4w9WgXcQ
/cdn/stream/dQw4w9WgXcQ
--- bytes: 0-

=== TEST 4: $voyo_cold_key does not limit invalid ids
--- settings
LIMIT_ZONE limit_req_zone $voyo_cold_key zone=voyo_cold:1m rate=1r/m; limit_req_status 429; limit_req_log_level notice;
LIMIT limit_req zone=voyo_cold nodelay; error_page 429 = @limited;
--- cached
/cdn/stream/short
/cdn/stream/short
--- request
GET /cdn/stream/short
--- error_code: 400
--- response_body_like: "code":"bad_track"

=== TEST 5: $voyo_cold_key limits track information
--- settings
LIMIT_ZONE limit_req_zone $voyo_cold_key zone=voyo_cold:1m rate=1r/m; limit_req_status 429; limit_req_log_level notice;
LIMIT limit_req zone=voyo_cold nodelay; error_page 429 = @limited;
--- record
--- cached
/cdn/track/aaaaaaaaaaa
--- request
GET /cdn/track/dQw4w9WgXcQ
--- error_code: 429
--- response_body_like: "code":"too_many_requests"

=== TEST 6: the client is the one that a trusted proxy names
--- settings
LIMIT_ZONE limit_req_zone $voyo_cold_key zone=voyo_cold:1m rate=1r/m; limit_req_status 429; limit_req_log_level notice;
LIMIT limit_req zone=voyo_cold nodelay; error_page 429 = @limited;
REAL_IP real_ip_header X-Forwarded-For; set_real_ip_from 127.0.0.0/8;
--- record
track aaaaaaaaaaa
140 aac 129500 3584 /140
track bbbbbbbbbbb
140 aac 129500 3584 /140
--- cached
/cdn/stream/aaaaaaaaaaa
--- request
GET /cdn/stream/bbbbbbbbbbb
--- more_headers
X-Forwarded-For: 192.0.2.7
--- error_code: 200

=== TEST 7: in add_header
--- location
add_header X-Own "$voyo_track $voyo_quality $voyo_representation $voyo_accesses" always;
--- replace
include @CONF@/voyo_headers.conf; =>
include @CONF@/voyo_cors.conf; =>
--- request
GET /cdn/stream/dQw4w9WgXcQ?quality=low
--- response_headers
X-Own: dQw4w9WgXcQ low dQw4w9WgXcQ.140.1.3584.m1 0
--- bytes: 0-

=== TEST 8: in add_header of a refused request
--- location
add_header X-Own "$voyo_track $voyo_quality $voyo_representation-" always;
--- replace
include @CONF@/voyo_headers.conf; =>
include @CONF@/voyo_cors.conf; =>
--- record
--- error_code: 503
--- response_headers
X-Own: dQw4w9WgXcQ high -

=== TEST 9: the origin's variables are empty at the edge
--- http_config
log_format own '"$voyo_media_scheme$voyo_media_host$voyo_media_name$voyo_media_uri$voyo_media_user_agent$voyo_media_range$voyo_etag"';
--- settings
ACCESS_LOG $TEST_NGINX_HOME/access.log own
--- bytes: 0-
--- logged
"-------"

=== TEST 10: the log of an origin, without the path of the URL
--- replace
access_log off; => access_log $TEST_NGINX_HOME/access.log origin;
--- http_config
log_format origin '$voyo_media_scheme $voyo_media_name $voyo_media_user_agent $voyo_media_range $voyo_etag';
--- settings
ACCESS_LOG off
--- more_headers
Range: bytes=1500-1600
--- error_code: 206
--- bytes: 1500-1600
--- logged
http 127.0.0.1 VOYO bytes=1024-2047 \x22dQw4w9WgXcQ.140.1.3584.m1\x22

=== TEST 11: accesses are counted from the zone, this one included
--- http_config
log_format own '$request_method $voyo_accesses';
--- settings
ACCESS_LOG $TEST_NGINX_HOME/access.log own
--- cached
HEAD /cdn/stream/dQw4w9WgXcQ
GET /cdn/stream/dQw4w9WgXcQ
HEAD /cdn/stream/dQw4w9WgXcQ?codec=opus
--- request
HEAD /cdn/stream/dQw4w9WgXcQ
--- logged
HEAD 0
GET 1
HEAD 2
HEAD 3

=== TEST 12: $voyo_slice is $slice_range
--- location
add_header X-Own "$voyo_slice $slice_range";
--- replace
include @CONF@/voyo_headers.conf; =>
include @CONF@/voyo_cors.conf; =>
--- more_headers
Range: bytes=1500-1600
--- error_code: 206
--- bytes: 1500-1600
--- response_headers
X-Own: bytes=1024-2047 bytes=1024-2047

=== TEST 13: the variables keep their values in an error_page
--- location
error_page 502 = @told;
--- edge
location @told { return 200 "$voyo_track $voyo_quality $voyo_served\n"; }
--- settings
MEDIA_HOSTS .example.com
--- error_code: 200
--- response_body_like: ^dQw4w9WgXcQ high medium; codec=aac; bitrate=129500$

=== TEST 14: $voyo_client is the client behind a trusted proxy
--- settings
REAL_IP real_ip_header X-Forwarded-For; set_real_ip_from 127.0.0.1;
--- edge
location = /who { return 200 $voyo_client; }
--- request eval
["GET /who", "GET /who", "GET /who"]
--- more_headers eval
["", "X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 2001:db8:1:2:3:4:5:6"]
--- response_body eval
["127.0.0.1", "192.0.2.1", "20010db800010002/64"]

=== TEST 15: limit_conn by track, in whatever spelling
--- http_config
limit_conn_zone $voyo_track zone=tracks:1m;
limit_conn_log_level notice;
--- location
limit_conn tracks 1;
--- record
140 aac 129500 8000000 /140
track aaaaaaaaaaa
140 aac 129500 3584 /140
--- init
VOYO::hold('/cdn/stream/vyo_ZFF3NHc5V2dYY1E', 1);
--- request eval: \@main::requests
--- error_code eval: [(503) x 4, 200, 200]
