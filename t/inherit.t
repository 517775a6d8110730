# Directives of the rest of a site in "http" or "server" are inherited by VOYO's
# locations, and must not break a track.

use lib 't/lib';
use VOYO;

plan 'no_plan';

# In "http": for listeners, fills and the origin alike.

table(<<'BLOCK', <<'ROWS');
in http: {line}
--- http_config
{line}
--- bytes: 0-
--- response_headers
Content-Length: 3584
ETag: "dQw4w9WgXcQ.140.1.3584.m1"
Accept-Ranges: bytes
--- fetched
slices 0 1 2 3
BLOCK
line

add_header X-Site 1 always;
chunked_transfer_encoding off;
client_body_buffer_size 1k;
client_max_body_size 1;
directio 512;
etag off;
expires 1d;
aio threads;
aio_write on;
gzip on;
if_modified_since off;
ignore_invalid_headers off;
keepalive_requests 1;
limit_rate 1m;
log_subrequest on;
merge_slashes off;
msie_padding on;
open_file_cache max=100;
output_buffers 1 512;
postpone_output 0;
proxy_buffering off;
proxy_cache_background_update on;
proxy_cache_bypass $http_pragma;
proxy_cache_convert_head off;
proxy_cache_lock off;
proxy_cache_methods GET HEAD POST;
proxy_cache_min_uses 2;
proxy_no_cache $uri;
proxy_cache_use_stale error timeout updating http_500 http_503;
proxy_cache_valid any 1m;
proxy_force_ranges on;
proxy_http_version 1.0;
proxy_limit_rate 1m;
proxy_next_upstream off;
proxy_set_header X-Site 1;
proxy_socket_keepalive on;
reset_timedout_connection on;
sendfile_max_chunk 512;
ssi on;
tcp_nopush on;
underscores_in_headers on;
ROWS

run_tests();

__DATA__

=== TEST 1: auth_basic in the listeners' server
--- edge
auth_basic site;
auth_basic_user_file $TEST_NGINX_HOME/users;
--- init
VOYO::write_file("$ENV{TEST_NGINX_HOME}/users", "x:{PLAIN}y\n");
--- more_headers
Authorization: Basic eDp5
--- bytes: 0-
--- fetched
slices 0 1 2 3

=== TEST 2: auth_basic without a password
--- edge
auth_basic site;
auth_basic_user_file $TEST_NGINX_HOME/users;
--- init
VOYO::write_file("$ENV{TEST_NGINX_HOME}/users", "x:{PLAIN}y\n");
--- error_code: 401
--- fetched

=== TEST 3: an error_page of the site
--- http_config
error_page 404 /missing.html;
error_page 500 502 503 504 /broken.html;
--- record
140 aac 129500 3584 /dead
--- media
location = /dead { access_log off; return 403; }
--- error_code: 503
--- response_body_like: "code":"no_resolver"

=== TEST 4: a track is not compressed, whatever Accept-Encoding is
--- http_config
gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any;
--- more_headers
Accept-Encoding: gzip
--- bytes: 0-
--- response_headers
! Content-Encoding
ETag: "dQw4w9WgXcQ.140.1.3584.m1"
Content-Length: 3584

=== TEST 5: limit_rate
--- edge
limit_rate 10k;
--- bytes: 0-

=== TEST 6: limit_conn
--- http_config
limit_conn_zone $binary_remote_addr zone=clients:1m;
limit_conn_status 429;
--- edge
limit_conn clients 5;
--- bytes: 0-

=== TEST 7: limit_conn that rejects the request
--- http_config
limit_req_zone $binary_remote_addr zone=clients:1m rate=1r/m;
limit_req_status 429; limit_req_log_level notice;
--- location
limit_req zone=clients;
error_page 429 @limited;
--- cached
/cdn/stream/dQw4w9WgXcQ
--- error_code: 429
--- response_headers
Retry-After: 5
--- response_body_like: "code":"too_many_requests"

=== TEST 8: a server-level rewrite to /cdn/stream/
--- edge
rewrite ^/audio/(.*)$ /cdn/stream/$1;
--- request
GET /audio/dQw4w9WgXcQ
--- bytes: 0-

=== TEST 9: voyo_stream in a location with a regular expression
--- edge
location ~ ^/audio/(?<id>[^/]+)/(?<level>low|medium|high)$ {
    voyo_stream $id quality=$level codec=opus;
    include $TEST_NGINX_HOME/conf/voyo_edge.conf;
}
--- request
GET /audio/dQw4w9WgXcQ/low
--- bytes: 251 0-

=== TEST 10: voyo_stream in a location that is named like the one for pictures
--- edge
location ^~ /art/ {
    voyo_stream $voyo_id;
    include $TEST_NGINX_HOME/conf/voyo_edge.conf;
}
--- request
GET /art/dQw4w9WgXcQ
--- bytes: 0-
--- response_headers
Content-Type: audio/mp4

=== TEST 11: a prefetch, with long headers added by the site
--- http_config eval
'add_header X-Site "' . 'x' x 2000 . '" always; add_header X-Other "' . 'y' x 2000 . '" always;'
--- request
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true
--- bytes: none
--- fetched
slices 0

=== TEST 12: a prefetch, with proxy_cache_min_uses 2
--- http_config
proxy_cache_min_uses 2;
--- cached
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true
--- more_headers
Range: bytes=0-9
--- error_code: 206
--- bytes: 0-9
--- fetched
slices 0
