# /metrics: what an operator's alerts are made of.  A value that stays 0, or a
# line that Prometheus cannot parse, would be noticed when it is needed.

use lib 't/lib';
use VOYO;

plan 'no_plan';

run_tests();

__DATA__

=== TEST 1: Prometheus's text format
--- request
GET /metrics
--- response_headers
Content-Type: text/plain; version=0.0.4; charset=utf-8
Cache-Control: no-store
--- response_body_like chomp
^# HELP voyo_responses_total .*
# TYPE voyo_responses_total counter

=== TEST 2: OpenMetrics, for a client that accepts it
--- request
GET /metrics
--- more_headers
Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5
--- response_headers
Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8
--- response_body_like chomp
^# HELP voyo_responses .*
# TYPE voyo_responses counter
.*
# EOF
$

=== TEST 3: other methods
--- request
POST /metrics
--- error_code: 405

=== TEST 4: a client that is not allowed
--- settings
STATUS_ALLOW 192.0.2.1 1;
--- request
GET /metrics
--- error_code: 403

=== TEST 5: /health has no details for it
--- settings
STATUS_ALLOW 192.0.2.1 1;
--- resolver
--- request
GET /health
--- response_body_like chomp
^\{"status":"healthy","uptime":\d+,"memory":\{[^}]+\},"cacheSize":0,"version":"[\d.]+"\}$

=== TEST 6: each of a heartbeat's values
--- request
GET /metrics
--- resolver
{"name":"r\"}","started_at":1700000000,"rss":1000000,"mode":"cold","javascript":"quickjs","ytdlp_version":"2026.10.26","ytdlp_age":2,"client_refused":true,"workers":{"down":1,"idle":2},"restarts":{"ended":3,"killed":0},"profile":{"fast":0,"full":1},"jobs":{"ok":3,"failed":{"private":1,"a\"b":2},"unknown":9,"proved":4,"refused":5},"failing":{"class":"network","tracks":8},"latency":{"p50":800,"p95":1500.5},"last_success":1700000001,"queues":{"play":6,"prefetch":7},"budget":{"limit":250,"left":240},"breaker":{"state":"open","class":"bot_check","left":9},"canary":{"id":"x","result":"private"}}
{"name":"s","breaker":null,"failing":null,"canary":{"result":"pending"},"rss":1e300,"queues":[1],"mode":5}
not JSON
--- response_body_like chomp
voyo_redis_up 1
.*voyo_redis_state\{state="ok"\} 1
.*voyo_resolvers 3
.*voyo_resolver_start_time_seconds\{resolver="r_}"\} 1700000000
# HELP voyo_resolver_memory_bytes .*
# TYPE voyo_resolver_memory_bytes gauge
voyo_resolver_memory_bytes\{resolver="r_}"\} 1000000
voyo_resolver_memory_bytes\{resolver="s"\} 1000000000000000
# HELP voyo_resolver_jobs_total .*
# TYPE voyo_resolver_jobs_total counter
voyo_resolver_jobs_total\{resolver="r_}",result="ok"\} 3
voyo_resolver_jobs_total\{resolver="r_}",result="private"\} 1
#.*voyo_resolver_proofs_total\{resolver="r_}",result="ok"\} 4
voyo_resolver_proofs_total\{resolver="r_}",result="refused"\} 5
#.*voyo_resolver_unknown_errors_total\{resolver="r_}"\} 9
#.*voyo_resolver_workers\{resolver="r_}",state="down"\} 1
voyo_resolver_workers\{resolver="r_}",state="idle"\} 2
#.*voyo_resolver_restarts_total\{resolver="r_}",reason="ended"\} 3
voyo_resolver_restarts_total\{resolver="r_}",reason="killed"\} 0
#.*voyo_resolver_profile\{resolver="r_}",profile="fast"\} 0
voyo_resolver_profile\{resolver="r_}",profile="full"\} 1
#.*voyo_resolver_cold\{resolver="r_}"\} 1
#.*voyo_resolver_down\{resolver="r_}"\} 0
#.*voyo_resolver_latency_seconds\{resolver="r_}",percentile="p50"\} 0.800000
voyo_resolver_latency_seconds\{resolver="r_}",percentile="p95"\} 1.500500
#.*voyo_resolver_last_success_time_seconds\{resolver="r_}"\} 1700000001
#.*voyo_resolver_failing_tracks\{resolver="r_}"\} 8
voyo_resolver_failing_tracks\{resolver="s"\} 0
#.*voyo_resolver_client_refused\{resolver="r_}"\} 1
#.*voyo_resolver_canary_up\{resolver="r_}"\} 0
#.*voyo_queue_length\{resolver="r_}",lane="play"\} 6
voyo_queue_length\{resolver="r_}",lane="prefetch"\} 7
#.*voyo_budget_limit\{resolver="r_}"\} 250
#.*voyo_budget_left\{resolver="r_}"\} 240
#.*voyo_breaker_open\{resolver="r_}"\} 1
voyo_breaker_open\{resolver="s"\} 0
#.*voyo_breaker_left_seconds\{resolver="r_}"\} 9
voyo_breaker_left_seconds\{resolver="s"\} 0
#.*voyo_ytdlp_age_seconds\{resolver="r_}"\} 172800
#.*voyo_ytdlp_info\{resolver="r_}",version="2026.10.26",javascript="quickjs"\} 1
voyo_ytdlp_info\{resolver="s",version="",javascript=""\} 1

=== TEST 7: without Redis and without resolvers
--- redis
none
--- request
GET /metrics
--- response_body_like chomp
voyo_redis_up 0
#.*voyo_redis_state\{state="unavailable"\} 1
$

=== TEST 8: a miss, hits, a range, a problem, a HEAD, and track information
--- resolver
--- cached
/cdn/stream/dQw4w9WgXcQ?quality=medium
/cdn/stream/dQw4w9WgXcQ?quality=medium
/cdn/stream/dQw4w9WgXcQ?codec=opus 0-99
HEAD /cdn/stream/dQw4w9WgXcQ
/cdn/stream/x
/cdn/track/dQw4w9WgXcQ
--- request
GET /metrics
--- response_body_like chomp
voyo_responses_total\{handler="stream",code="200",problem=""\} 3
voyo_responses_total\{handler="stream",code="206",problem=""\} 1
voyo_responses_total\{handler="stream",code="400",problem="bad_track"\} 1
voyo_responses_total\{handler="track",code="200",problem=""\} 1
#.*quality="medium",codec="aac",cache="miss"\} 1
voyo_plays_total\{quality="medium",codec="aac",cache="hit"\} 1
.*quality="high",codec="opus",cache="miss"\} 1
.*voyo_first_byte_seconds_count\{cache="miss"\} 2
.*voyo_first_byte_seconds_bucket\{cache="hit",le="\+Inf"\} 1
.*voyo_resolve_seconds_count [01]
.*voyo_sent_bytes_total \d{5}
.*voyo_slices_total\{result="hit"\} 4
voyo_slices_total\{result="waited"\} 0
voyo_slices_total\{result="miss"\} 5
.*voyo_media_responses_total\{code="2xx"\} 5
.*voyo_media_received_bytes_total \d{4}
.*voyo_zone_tracks 1

=== TEST 9: the cause of a cut, and repairs
--- record
140 aac 129500 3584 /gone
--- media
location = /gone {
    if ($http_range = "bytes=0-1023") { rewrite ^ /140 last; }
    return 503;
}
--- cached
/cdn/stream/dQw4w9WgXcQ
--- request
GET /metrics
--- response_body_like chomp
voyo_responses_total\{handler="stream",code="200",problem="no_resolver"\} [12]
.*voyo_cuts_total\{reason="slice"\} 0
voyo_cuts_total\{reason="source"\} [12]
.*voyo_cuts_total\{reason="takedown"\} 0
.*voyo_media_responses_total\{code="2xx"\} 1
.*code="5xx"\} [24]
.*voyo_repairs_total\{kind="connection"\} [12]
.*voyo_url_renewals_total\{.*cause="other"\} [12]

=== TEST 10: what a limit refuses, of tracks and of descriptions
--- settings
LIMIT_ZONE limit_req_zone $voyo_cold_key zone=voyo_cold:1m rate=1r/m; limit_req_status 429; limit_req_log_level notice;
LIMIT limit_req zone=voyo_cold nodelay; error_page 429 = @limited;
--- record
--- cached
/cdn/track/aaaaaaaaaaa
/cdn/track/bbbbbbbbbbb
/cdn/stream/ccccccccccc
--- request
GET /metrics
--- response_body_like chomp
voyo_responses_total\{handler="track",code="503",problem="no_resolver"\} 1
voyo_responses_total\{handler="track",code="429",problem="too_many_requests"\} 1
voyo_responses_total\{handler="stream",code="429",problem="too_many_requests"\} 1

=== TEST 11: what Redis refuses with
--- redis
SET @resolvers x
--- request
GET /metrics
--- response_body_like chomp
voyo_redis_up 0
#.*voyo_redis_state\{state="WRONGTYPE"\} 1
$

=== TEST 12: a resume that is cut
--- record
140 aac 129500 3584 /gone
--- media
location = /gone { return 503; }
--- cached
/cdn/stream/dQw4w9WgXcQ 1024-
--- request
GET /metrics
--- response_body_like chomp
voyo_responses_total\{handler="stream",code="206",problem="no_resolver"\} [12]
.*voyo_cuts_total\{reason="source"\} 0
voyo_cuts_total\{reason="resume"\} [12]

=== TEST 13: fills that the budget or a limit refuses
--- settings
LIMIT_ZONE limit_req_zone $voyo_cold_key zone=voyo_cold:1m rate=1r/m; limit_req_status 429; limit_req_log_level notice;
LIMIT limit_req zone=voyo_cold nodelay; error_page 429 = @limited;
--- record
--- redis
HSET @limits budget 1
ZADD @budget now+0 x
--- resolver
--- cached
HEAD /cdn/stream/aaaaaaaaaaa?prefetch=true
HEAD /cdn/stream/bbbbbbbbbbb?prefetch=true
--- request
GET /metrics
--- response_body_like chomp
voyo_fills_dropped_total\{reason="queue"\} 0
voyo_fills_dropped_total\{reason="budget"\} 1
voyo_fills_dropped_total\{reason="limit"\} 1
