# What the cache has no room for is passed on without it.  nginx alone would end
# such a response with nothing sent, logged as 200; and what is read ahead would
# be fetched again and again.

use lib 't/lib';
use VOYO;

plan 'no_plan';

run_tests();

__DATA__

=== TEST 1: a full disk: the track is whole, and not stored
--- settings
CACHE_MIN_FREE 1000000g
--- cached

--- bytes: 0-
--- says
no room in cache
--- fetched
slices 0 1 2 3
slices 0 1 2 3

=== TEST 2: the directory was removed
--- init
File::Path::remove_tree("$ENV{TEST_NGINX_HOME}/cache");
--- bytes: 0-
--- says
no room in cache
--- fetched
slices 0 1 2 3

=== TEST 3: the content was removed: slices are stored again
--- cached

--- init
File::Path::remove_tree("$ENV{TEST_NGINX_HOME}/cache", { keep_root => 1 });
--- request eval
['GET /cdn/stream/dQw4w9WgXcQ', 'GET /cdn/stream/dQw4w9WgXcQ']
--- bytes
0-
0-
--- fetched
slices 0 1 2 3
slices 0 1 2 3

=== TEST 4: a range
--- settings
CACHE_MIN_FREE 1000000g
--- more_headers
Range: bytes=1500-2500
--- bytes: 1500-2500
--- error_code: 206
--- says
no room in cache
--- fetched
slices 1 2

=== TEST 5: nothing is read ahead
--- settings
CACHE_MIN_FREE 1000000g
AHEAD 4
--- bytes: 0-
--- says
no room in cache
--- fetched
slices 0 1 2 3

=== TEST 6: a prefetch that waits gets an error
--- settings
CACHE_MIN_FREE 1000000g
--- request
HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true
--- error_code: 503
--- response_headers
Content-Type: application/problem+json
Retry-After: 60
--- says
no room in cache

=== TEST 7: a picture
--- settings
CACHE_MIN_FREE 1000000g
--- request
GET /cdn/art/dQw4w9WgXcQ
--- media
location /art/ { default_type image/jpeg; return 200 picture; }
--- response_body chomp
picture
--- says
no room in cache

=== TEST 8: the cache of another location is left alone
--- http_config
proxy_cache_path $TEST_NGINX_HOME/run/other keys_zone=other:1m min_free=1000000g;
--- edge
location /other {
    proxy_pass http://127.0.0.1:$TEST_NGINX_PORT/251;
    proxy_cache other;
    proxy_cache_lock on;
    proxy_cache_valid 200 1h;
}
--- request eval
['GET /other', 'GET /other']
--- bytes
251 0-
251 0-
--- no_error_log
no room in cache
--- fetched
/251
