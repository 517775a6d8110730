# An invalid value prevents nginx from starting, with a message that names the
# error; otherwise clients would be the first to notice.  Directives that are not
# set have defaults.

use lib 't/lib';
use VOYO;

plan 'no_plan';

# since nginx 1.29.7 any order is right (docs/upstream.md, N43)
my ($version) = `$ENV{TEST_NGINX_BINARY} -v 2>&1` =~ m{nginx/([0-9.]+)};
my $ordered = !defined $version
              || version->parse("v$version") < version->parse('v1.29.7');

table(<<'BLOCK', "order\n" . ($ordered ? 'keepalive 8; voyo_media;' : ''));
voyo_media: after keepalive
--- http_config
upstream u { server 0.0.0.1; {order} }
--- must_die
--- error_log
[emerg]
"voyo_media" must come before "keepalive"

BLOCK

run_tests();

__DATA__

=== TEST 1: voyo_redis: another scheme
--- http_config
voyo_redis http://127.0.0.1;
--- must_die
--- error_log
[emerg]
invalid address in "voyo_redis": it must begin with redis://, rediss:// or unix:

=== TEST 2: voyo_redis: no port
--- http_config
voyo_redis redis://127.0.0.1:0;
--- must_die
--- error_log
[emerg]
the port must be a number from 1 to 65535

=== TEST 3: voyo_redis: no database
--- http_config
voyo_redis redis://127.0.0.1/x;
--- must_die
--- error_log
[emerg]
the database after the last slash must be a number

=== TEST 4: voyo_redis: a relative path
--- http_config
voyo_redis unix:redis.sock;
--- must_die
--- error_log
[emerg]
the path of the socket must be absolute

=== TEST 5: voyo_redis: no host
--- http_config
voyo_redis redis://:6379;
--- must_die
--- error_log
[emerg]
there is no host, or it is too long

=== TEST 6: voyo_redis: twice
--- http_config
voyo_redis unix:/a; voyo_redis unix:/b;
--- must_die
--- error_log
[emerg]
"voyo_redis" directive is duplicate

=== TEST 7: voyo_redis: without a value
--- http_config
voyo_redis;
--- must_die
--- error_log
[emerg]
invalid number of arguments in "voyo_redis" directive

=== TEST 8: voyo_zone: no size
--- http_config
voyo_zone voyo;
--- must_die
--- error_log
[emerg]
invalid zone "voyo", it must be name:size

=== TEST 9: voyo_zone: no name
--- http_config
voyo_zone :1m;
--- must_die
--- error_log
[emerg]
invalid zone ":1m", it must be name:size

=== TEST 10: voyo_zone: no number
--- http_config
voyo_zone voyo:big;
--- must_die
--- error_log
[emerg]
invalid size of zone "voyo:big", at least 64k

=== TEST 11: voyo_zone: too small
--- http_config
voyo_zone voyo:1k;
--- must_die
--- error_log
[emerg]
invalid size of zone "voyo:1k", at least 64k

=== TEST 12: voyo_zone: another parameter
--- http_config
voyo_zone voyo:1m active=30m;
--- must_die
--- error_log
[emerg]
invalid parameter "active=30m"

=== TEST 13: voyo_zone: no time
--- http_config
voyo_zone voyo:1m inactive=x;
--- must_die
--- error_log
[emerg]
invalid time "inactive=x"

=== TEST 14: voyo_zone: no time at all
--- http_config
voyo_zone voyo:1m inactive=0;
--- must_die
--- error_log
[emerg]
invalid time "inactive=0"

=== TEST 15: voyo_zone: twice
--- http_config
voyo_zone a:1m; voyo_zone b:1m;
--- must_die
--- error_log
[emerg]
"voyo_zone" directive is duplicate

=== TEST 16: voyo_egress: characters
--- http_config
voyo_egress a:b;
--- must_die
--- error_log
[emerg]
invalid "voyo_egress", it must be 1 to 32 of A-Za-z0-9_.-

=== TEST 17: voyo_egress: too long
--- http_config
voyo_egress aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa;
--- must_die
--- error_log
[emerg]
invalid "voyo_egress", it must be 1 to 32 of A-Za-z0-9_.-

=== TEST 18: voyo_egress: twice
--- http_config
voyo_egress a; voyo_egress b;
--- must_die
--- error_log
[emerg]
"voyo_egress" directive is duplicate

=== TEST 19: voyo_media_hosts: a path
--- http_config
voyo_media_hosts example.com/x;
--- must_die
--- error_log
[emerg]
invalid host "example.com/x", it must be a name, a suffix with a leading dot, or an origin

=== TEST 20: voyo_media_hosts: a port without a scheme
--- http_config
voyo_media_hosts example.com:8443;
--- must_die
--- error_log
[emerg]
invalid host "example.com:8443"

=== TEST 21: voyo_media_hosts: a suffix of all
--- http_config
voyo_media_hosts .;
--- must_die
--- error_log
[emerg]
invalid host "."

=== TEST 22: voyo_media_hosts: an origin with a path
--- http_config
voyo_media_hosts http://127.0.0.1:80/x;
--- must_die
--- error_log
[emerg]
invalid origin "http://127.0.0.1:80/x", it must be a scheme, a host and a port

=== TEST 23: voyo_media_hosts: another scheme
--- http_config
voyo_media_hosts ftp://example.com;
--- must_die
--- error_log
[emerg]
invalid origin "ftp://example.com"

=== TEST 24: voyo_media_hosts: no such port
--- http_config
voyo_media_hosts http://127.0.0.1:65536;
--- must_die
--- error_log
[emerg]
invalid origin "http://127.0.0.1:65536"

=== TEST 25: voyo_media_hosts: twice
--- http_config
voyo_media_hosts a.test; voyo_media_hosts b.test;
--- must_die
--- error_log
[emerg]
"voyo_media_hosts" directive is duplicate

=== TEST 26: voyo_codec: another
--- http_config
voyo_codec mp3;
--- must_die
--- error_log
[emerg]
invalid value "mp3"

=== TEST 27: voyo_codec: twice
--- http_config
voyo_codec aac; voyo_codec opus;
--- must_die
--- error_log
[emerg]
"voyo_codec" directive is duplicate

=== TEST 28: voyo_quality_tolerance: no number
--- http_config
voyo_quality_tolerance x;
--- must_die
--- error_log
[emerg]
invalid number

=== TEST 29: voyo_quality_tolerance: too much
--- http_config
voyo_quality_tolerance 101;
--- must_die
--- error_log
[emerg]
value must be between 0 and 100

=== TEST 30: voyo_waiters: none
--- http_config
voyo_waiters 0;
--- must_die
--- error_log
[emerg]
value must be between 1 and 1000000

=== TEST 31: voyo_waiters: no number
--- http_config
voyo_waiters many;
--- must_die
--- error_log
[emerg]
invalid number

=== TEST 32: voyo_resolve_timeout: no time
--- http_config
voyo_resolve_timeout soon;
--- must_die
--- error_log
[emerg]
"voyo_resolve_timeout" directive invalid value

=== TEST 33: voyo_resolve_timeout: twice
--- http_config
voyo_resolve_timeout 1s; voyo_resolve_timeout 2s;
--- must_die
--- error_log
[emerg]
"voyo_resolve_timeout" directive is duplicate

=== TEST 34: voyo_ahead: no number
--- http_config
voyo_ahead x;
--- must_die
--- error_log
[emerg]
invalid number

=== TEST 35: voyo_ahead: twice
--- http_config
voyo_ahead 1; voyo_ahead 2;
--- must_die
--- error_log
[emerg]
"voyo_ahead" directive is duplicate

=== TEST 36: voyo_family: another
--- http_config
voyo_family ipx;
--- must_die
--- error_log
[emerg]
invalid value "ipx"

=== TEST 39: voyo_fill: no address
--- http_config
voyo_fill unix:;
--- must_die
--- error_log
[emerg]
in "voyo_fill unix:", it must be an address and a URI of at most 64 characters like "unix:/run/fill.sock:/fill/"

=== TEST 40: voyo_stream: another parameter
--- config
location /t { voyo_stream $uri size=big; }
--- must_die
--- error_log
[emerg]
invalid parameter "size=big"

=== TEST 41: voyo_stream: a parameter twice
--- config
location /t { voyo_stream $uri codec=aac codec=opus; }
--- must_die
--- error_log
[emerg]
duplicate parameter "codec=opus"

=== TEST 42: voyo_stream: twice
--- config
location /t { voyo_stream $uri; voyo_stream $uri; }
--- must_die
--- error_log
[emerg]
"voyo_stream" directive cannot be used with another of

=== TEST 43: voyo_stream: an unknown variable
--- config
location /t { voyo_stream $nowhere; }
--- must_die
--- error_log
[emerg]
unknown "nowhere" variable

=== TEST 44: voyo_stream: outside a location
--- http_config
voyo_stream $uri;
--- must_die
--- error_log
[emerg]
"voyo_stream" directive is not allowed here

=== TEST 45: voyo_track: twice
--- config
location /t { voyo_track $uri; voyo_track $uri; }
--- must_die
--- error_log
[emerg]
"voyo_track" directive cannot be used with another of

=== TEST 46: voyo_origin: with a value
--- config
location /t { voyo_origin on; }
--- must_die
--- error_log
[emerg]
invalid number of arguments in "voyo_origin" directive

=== TEST 47: voyo_media: outside an upstream
--- http_config
voyo_media;
--- must_die
--- error_log
[emerg]
"voyo_media" directive is not allowed here

=== TEST 48: voyo_health: another parameter
--- config
location /t { voyo_health all; }
--- must_die
--- error_log
[emerg]
invalid parameter "all"

=== TEST 49: voyo_stream: without a zone
--- bare
--- http_config
voyo_redis unix:/a;
--- config
location /t { voyo_stream $uri; }
--- must_die
--- error_log
[emerg]
"voyo_zone" and "voyo_redis" must be set in "http"

=== TEST 50: voyo_stream: without Redis
--- bare
--- http_config
voyo_zone voyo:1m;
--- config
location /t { voyo_stream $uri; }
--- must_die
--- error_log
[emerg]
"voyo_zone" and "voyo_redis" must be set in "http"

=== TEST 51: voyo_origin: without either
--- bare
--- config
location /t { voyo_origin; }
--- must_die
--- error_log
[emerg]
"voyo_zone" and "voyo_redis" must be set in "http"

=== TEST 52: voyo_health: without either
--- bare
--- config
location /t { voyo_health; }
--- must_die
--- error_log
[emerg]
"voyo_zone" and "voyo_redis" must be set in "http"

=== TEST 53: no directive is set
--- bare
--- config
location /t { return 200 "ok\n"; }
--- response_body
ok

=== TEST 54: the required directives are enough
--- config
location /t { voyo_stream $arg_id; }
location /o { voyo_origin; }
location /h { voyo_health; }
location /m { voyo_metrics; }
location /d { voyo_drain; }
location /k { voyo_track $arg_id; }
--- error_code: 400
--- response_body_like: "code":"bad_track"

=== TEST 55: $voyo_id follows the prefix
--- config
location ^~ /s/ { voyo_stream $voyo_id; }
--- request
GET /s/dQw4w9WgXcQ?id=1
--- error_code: 503
--- response_body_like: "code":"redis_unavailable"

=== TEST 56: $voyo_id is the whole rest of the URI
--- config
location ^~ /s/ { voyo_stream $voyo_id; }
--- request
GET /s/dQw4w9WgXcQ/
--- error_code: 400
--- response_body_like: "code":"bad_track"

=== TEST 57: $voyo_id is empty where there is no prefix
--- config
location ~ /s/ { voyo_stream $voyo_id; }
--- request
GET /s/dQw4w9WgXcQ
--- error_code: 400
--- response_body_like: "code":"bad_track"

=== TEST 58: a regular expression must not capture as $voyo_id
--- config
location ~ /s/(?<voyo_id>.*) { voyo_stream $voyo_id; }
--- must_die
--- error_log
[emerg]
the duplicate "voyo_id" variable

=== TEST 59: a value of more than one variable
--- config
location ^~ /s/ { voyo_stream $arg_a${voyo_id}cQ; }
--- request
GET /s/4w9WgX?a=dQw
--- error_code: 503
--- response_body_like: "code":"redis_unavailable"

=== TEST 60: a prefix without an id is not redirected to
--- config
location ^~ /s/ { voyo_stream $voyo_id; proxy_pass http://127.0.0.1:1; }
location ~ ^/s$ { return 204; }
--- request
GET /s
--- error_code: 204

=== TEST 61: what is denied is not served by error_page
--- config
location ^~ /s/ {
    deny all;
    error_page 403 @again;
    voyo_stream $voyo_id;
}
location @again { voyo_stream again; }
--- request
GET /s/dQw4w9WgXcQ?id=dQw4w9WgXcQ
--- error_code: 403
--- response_body_like: "status":403,"code":"refused","retryable":false
--- error_log
access forbidden by rule

=== TEST 62: an error_page that changes the status does not serve it either
--- config
location ^~ /s/ {
    deny all;
    error_page 403 = @again;
    voyo_stream $voyo_id;
}
location @again { voyo_stream again; }
--- request
GET /s/dQw4w9WgXcQ?id=dQw4w9WgXcQ
--- error_code: 403
--- response_body_like: "status":403,"code":"refused","retryable":false
--- error_log
access forbidden by rule

=== TEST 63: a request that "return" refuses is not served by error_page
--- config
location ^~ /s/ {
    if ($arg_no) { return 404; }
    error_page 404 =200 @again;
    voyo_stream $voyo_id;
}
location @again { voyo_stream again; }
--- request
GET /s/dQw4w9WgXcQ?id=dQw4w9WgXcQ&no=1
--- error_code: 403
--- response_body_like: "status":403,"code":"refused","retryable":false

=== TEST 64: a denial for all locations does not loop
--- config
deny all;
recursive_error_pages on;
location ^~ /s/ {
    error_page 403 500 = @again;
    voyo_stream $voyo_id;
}
location @again {
    error_page 403 500 = @again;
    voyo_stream again;
}
--- request
GET /s/dQw4w9WgXcQ?id=dQw4w9WgXcQ
--- error_code: 403
--- response_body_like: "status":403,"code":"refused","retryable":false
--- error_log
access forbidden by rule
--- no_error_log
redirection cycle

=== TEST 65: a request that failed earlier is not served by error_page
--- config
location ^~ /s/ {
    auth_request /auth;
    error_page 500 @again;
    voyo_stream $voyo_id;
}
location @again { voyo_stream again; }
location /auth { return 404; }
--- request
GET /s/dQw4w9WgXcQ?id=dQw4w9WgXcQ
--- error_code: 502
--- response_headers
Retry-After: 5
--- response_body_like: "code":"media_failed","retryable":true
--- error_log
auth request unexpected status

=== TEST 66: a limit sends Retry-After
--- config
location ^~ /s/ {
    if ($arg_no) { return 429; }
    error_page 429 @again;
    voyo_stream $voyo_id;
}
location @again { voyo_stream again; }
--- request
GET /s/dQw4w9WgXcQ?id=dQw4w9WgXcQ&no=1
--- error_code: 429
--- response_headers
Retry-After: 5
--- response_body_like: "status":429,"code":"too_many_requests","retryable":true

=== TEST 67: a fallback from another location plays a track
--- config
location /f/ { error_page 404 @track; return 404; }
location @track { voyo_stream $arg_id; }
--- request
GET /f/?id=dQw4w9WgXcQ
--- error_code: 503
--- response_body_like: "code":"redis_unavailable"

=== TEST 68: a location may be rewritten to another
--- config
location /old/ { voyo_stream x; rewrite ^/old/(.*) /s/$1 last; }
location ^~ /s/ { voyo_stream $voyo_id; }
--- request
GET /old/dQw4w9WgXcQ
--- error_code: 503
--- response_body_like: "code":"redis_unavailable"

=== TEST 69: "if" is within its location
--- config
location ^~ /s/ {
    voyo_stream $voyo_id quality=$arg_quality;
    if ($arg_a) { set $b 1; }
}
--- request
GET /s/dQw4w9WgXcQ?a=1&quality=best
--- error_code: 400
--- response_body_like: "code":"bad_quality"

=== TEST 70: every directive
--- http_config
voyo_zone voyo:64k inactive=1h;
voyo_redis redis://user:secret@127.0.0.1:1/3;
voyo_egress a.b-C_9;
voyo_media_hosts .example.com example.org https://example.net:8443;
voyo_codec opus;
voyo_quality_tolerance 0;
voyo_waiters 1;
voyo_resolve_timeout 100ms;
upstream u { voyo_media; server 0.0.0.1; keepalive 8; }
--- config
location /t {
    voyo_stream $arg_id quality=$arg_quality codec=$arg_codec;
    voyo_resolve_timeout 200ms;
}
--- request
GET /t?id=dQw4w9WgXcQ&quality=best
--- error_code: 400
--- response_body_like: "code":"bad_quality"
--- no_error_log
[alert]
[crit]
[emerg]
secret

=== TEST 71: voyo_fill: no URI
--- http_config
voyo_fill unix:/run/fill.sock;
--- must_die
--- error_log
[emerg]
no address or URI in "voyo_fill unix:/run/fill.sock", it must be an address and a URI of at most 64 characters like "unix:/run/fill.sock:/fill/"

=== TEST 72: voyo_metrics: with a value
--- config
location /t { voyo_metrics all; }
--- must_die
--- error_log
[emerg]
invalid number of arguments in "voyo_metrics" directive
