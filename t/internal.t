# A location that denies access does not play for an external GET: without
# "again", the error_page of the refusal would start the request in @again.

use lib 't/lib';
use VOYO;

plan 'no_plan';

run_tests();

__DATA__

=== TEST 1: internal
--- config
recursive_error_pages on;
location ^~ /s/ {
    internal;
    error_page 404 @again;
    voyo_stream $voyo_id;
}
location @again { voyo_stream again; }
error_page 404 @again;
--- request
GET /s/dQw4w9WgXcQ
--- error_code: 404
--- response_body_like: "status":404,"code":"refused","retryable":false

=== TEST 2: internal, and error_page takes the status away
--- config
error_page 404 = @again;
location ^~ /s/ {
    internal;
    voyo_stream $voyo_id;
}
location @again { voyo_stream again; }
--- request
GET /s/dQw4w9WgXcQ
--- error_code: 403
--- response_body_like: "status":403,"code":"refused"

=== TEST 3: X-Accel-Redirect reaches an internal location
--- config
location /app {
    proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/says;
}
location = /says {
    add_header X-Accel-Redirect /s/dQw4w9WgXcQ;
    return 204;
}
location ^~ /s/ {
    internal;
    error_page 404 @again;
    voyo_stream $voyo_id;
}
location @again { voyo_stream again; }
--- request
GET /app
--- error_code: 503
--- response_body_like: "code":"redis_unavailable"

=== TEST 4: auth_request
--- config
location ^~ /s/ {
    auth_request /auth;
    error_page 401 403 @again;
    voyo_stream $voyo_id;
}
location = /auth { return 401; }
location @again { voyo_stream again; }
--- request
GET /s/dQw4w9WgXcQ
--- error_code: 401
--- response_body_like: "status":401,"code":"refused"

=== TEST 5: limit_req
--- http_config
limit_req_zone $server_name zone=none:1m rate=1r/m;
--- config
limit_req_log_level notice;
location ^~ /s/ {
    limit_req zone=none;
    error_page 503 @again;
    voyo_stream $voyo_id;
}
location @again { voyo_stream again; }
--- request eval
["GET /s/dQw4w9WgXcQ", "GET /s/dQw4w9WgXcQ"]
--- error_code eval
[503, 503]
--- response_body_like eval
["redis_unavailable", "\"code\":\"busy\""]

=== TEST 6: a request for the path "@again"
--- config
location /again { voyo_stream again; }
--- request
GET /again?id=dQw4w9WgXcQ
--- error_code: 403
--- response_body_like: "code":"refused"

=== TEST 7: "again" allows no parameter except "fill"
--- config
location @again { voyo_stream again quality=$arg_quality; }
--- must_die
--- error_log
[emerg]
invalid parameter "quality=$arg_quality", "again" keeps those that the request began with

=== TEST 8: "again fill"
--- config
location @again { voyo_stream again fill; }
location /t { return 204; }
--- error_code: 204

=== TEST 9: a named location that starts requests does not serve a refused request
--- config
location ^~ /s/ {
    deny all;
    error_page 403 = @again;
    voyo_stream $voyo_id;
}
location @again { voyo_stream $arg_id; }
--- request
GET /s/dQw4w9WgXcQ?id=dQw4w9WgXcQ
--- error_code: 403
--- response_body_like: "status":403,"code":"refused"
--- error_log
access forbidden by rule
