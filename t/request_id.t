# One id joins a request's lines in the logs of edge, origin and resolver.  A
# client must not choose it, or it could hide among the requests of another.

use lib 't/lib';
use VOYO;

plan 'no_plan';

run_tests();

__DATA__

=== TEST 1: every response has one
--- request
GET /cdn/stream/x
--- error_code: 400
--- raw_response_headers_like: X-Request-Id: [0-9a-f]{32}\r\n

=== TEST 2: the next request has another
--- edge
location = /two {
    default_type text/plain;
    return 200 "$voyo_request_id $voyo_request_id\n";
}
--- request eval
['GET /two', 'GET /two']
--- response_body_like eval
[qr/^([0-9a-f]{32}) \1$/, qr/^([0-9a-f]{32}) \1$/]

=== TEST 3: voyo_request_id
--- edge
voyo_request_id $http_x_request_id;
--- request
GET /cdn/stream/dQw4w9WgXcQ
--- more_headers
X-Request-Id: From.a_proxy-1
--- response_headers
X-Request-Id: From.a_proxy-1
--- logged
{"time":*,"message":"GET /cdn/stream/dQw4w9WgXcQ 200","level":"info","status":200,"track":"dQw4w9WgXcQ","range":"","bytes":3584,"time_taken":*,"resolve_time":*,"cache":"MISS","problem":"","repairs":"0","request":"From.a_proxy-1"}

=== TEST 4: one that is not an id
--- edge
voyo_request_id $http_x_request_id;
--- request
GET /cdn/stream/dQw4w9WgXcQ
--- more_headers
X-Request-Id: a"b
--- raw_response_headers_like: X-Request-Id: [0-9a-f]{32}\r\n

=== TEST 5: one that is too long
--- edge
voyo_request_id 0123456789012345678901234567890123456789012345678901234567890123x;
--- request
GET /cdn/stream/dQw4w9WgXcQ
--- raw_response_headers_like: X-Request-Id: [0-9a-f]{32}\r\n

=== TEST 6: without it a client's is not used
--- request
GET /cdn/stream/dQw4w9WgXcQ
--- more_headers
X-Request-Id: mine
--- raw_response_headers_like: X-Request-Id: [0-9a-f]{32}\r\n

=== TEST 7: no media host receives it
--- media
location = /140 {
    if ($http_x_request_id) { return 403; }
    root $TEST_NGINX_HOME/media;
}
--- bytes: 0-

=== TEST 8: repairs are logged, and the origin's lines name the request
--- edge
voyo_request_id $http_x_request_id;
--- record
140 aac 129500 3584 /moved
--- media
location = /moved { return 302 http://127.0.0.1:$server_port/140; }
--- more_headers
X-Request-Id: repaired
--- bytes: 0-
--- says
answered 302 to bytes 0-1023
request repaired
--- logged
{"time":*,"message":"GET /cdn/stream/dQw4w9WgXcQ 200","level":"info","status":200,"track":"dQw4w9WgXcQ","range":"","bytes":3584,"time_taken":*,"resolve_time":*,"cache":"MISS","problem":"","repairs":"1","request":"repaired"}

=== TEST 9: the cause of a cut
--- edge
voyo_request_id $http_x_request_id;
--- record
140 aac 129500 3584 /gone
--- media
location = /gone {
    if ($http_range = "bytes=0-1023") { rewrite ^ /140 last; }
    return 503;
}
--- more_headers
X-Request-Id: it-was-cut
--- cut: 1024
--- bytes: 0-
--- says
the connection is closed, request it-was-cut
--- logged
{"time":*,"message":"GET /cdn/stream/dQw4w9WgXcQ 200","level":"info","status":200,"track":"dQw4w9WgXcQ","range":"","bytes":1024,"time_taken":*,"resolve_time":*,"cache":"MISS","problem":"no_resolver","repairs":"2","request":"it-was-cut"}

=== TEST 10: a problem
--- edge
voyo_request_id $http_x_request_id;
--- record
--- failure
private 60
--- more_headers
X-Request-Id: a-problem
--- error_code: 404
--- response_headers
X-Request-Id: a-problem
--- response_body_like: "code":"private"
--- logged
{"time":*,"message":"GET /cdn/stream/dQw4w9WgXcQ 404","level":"info","status":404,"track":"dQw4w9WgXcQ","range":"","bytes":104,"time_taken":*,"resolve_time":*,"cache":"","problem":"private","repairs":"0","request":"a-problem"}

=== TEST 11: a trusted proxy's X-Request-Id
--- settings
TRUSTED 127.0.0.0/8 1;
--- more_headers
X-Request-Id: of.a-proxy
--- response_headers
X-Request-Id: of.a-proxy

=== TEST 12: a trusted proxy's traceparent
--- settings
TRUSTED 127.0.0.0/8 1;
--- more_headers
traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
--- response_headers
X-Request-Id: 0af7651916cd43dd8448eb211c80319c

=== TEST 13: a traceparent that is none
--- settings
TRUSTED 127.0.0.0/8 1;
--- more_headers
traceparent: 00-0af7651916cd43dd
--- raw_response_headers_like: X-Request-Id: [0-9a-f]{32}\r\n
