# Requests go only to listed hosts, whatever a record contains: Redis is not
# trusted, and with a record that names a private address nginx would fetch from
# it.

use lib 't/lib';
use VOYO;

plan 'no_plan';

table(<<'BLOCK', <<'ROWS');
not asked: {what}
--- settings
MEDIA_HOSTS {hosts}
--- record
140 aac 129500 3584 {url}
--- error_code: 502
--- response_body_like: "code":"{code}"
--- says
{says}
--- fetched
BLOCK
what | hosts | url | code | says

a name that is not listed           | .googlevideo.com | https://example.com/x                | host_not_allowed | "https://example.com" is not allowed by "voyo_media_hosts", "dQw4w9WgXcQ.140.1.3584" is answered with 502
a suffix without its dot            | .googlevideo.com | https://evilgooglevideo.com/x        | host_not_allowed | is not allowed by "voyo_media_hosts"
the suffix itself                   | .googlevideo.com | https://googlevideo.com/x            | host_not_allowed | is not allowed by "voyo_media_hosts"
the suffix in the middle            | .googlevideo.com | https://a.googlevideo.com.evil.com/x | host_not_allowed | is not allowed by "voyo_media_hosts"
another scheme                      | .googlevideo.com | http://a.googlevideo.com/x           | host_not_allowed | is not allowed by "voyo_media_hosts"
another port                        | .googlevideo.com | https://a.googlevideo.com:8443/x     | host_not_allowed | is not allowed by "voyo_media_hosts"
an address                          | .googlevideo.com | https://127.0.0.1/x                  | host_not_allowed | is not allowed by "voyo_media_hosts"
an address of IPv6                  | .googlevideo.com | https://[::1]/x                      | host_not_allowed | is not allowed by "voyo_media_hosts"
a user before an @                  | .googlevideo.com | https://a.googlevideo.com@127.0.0.1/x | host_not_allowed | unusable URL of "dQw4w9WgXcQ.140.1.3584"
an origin of another port           | http://127.0.0.1:1 | /140                               | host_not_allowed | is not allowed by "voyo_media_hosts"
an origin of another scheme         | https://127.0.0.1:$TEST_NGINX_PORT | /140               | host_not_allowed | is not allowed by "voyo_media_hosts"
another address of the same port    | http://127.0.0.1:$TEST_NGINX_PORT | http://127.0.0.2:$TEST_NGINX_PORT/140 | host_not_allowed | is not allowed by "voyo_media_hosts"
a space                             | http://127.0.0.1:$TEST_NGINX_PORT | http://127.0.0.1:$TEST_NGINX_PORT#/140 | host_not_allowed | unusable URL
ROWS

# Listed names with addresses from RFC 6890's tables: whatever a name resolves
# to, nginx does not connect to the server's own network.

table(<<'BLOCK', <<'ROWS');
not asked, though it is listed: {what}
--- settings
MEDIA_HOSTS {address}
--- record
140 aac 129500 3584 https://{address}/x
--- error_code: 502
--- response_body_like: "code":"host_not_allowed"
BLOCK
what | address

this host        | 0.0.0.0
private          | 10.0.0.1
shared by a carrier | 100.64.0.1
loopback         | 127.0.0.1
link-local       | 169.254.169.254
private, 172.16  | 172.31.255.255
private, 192.168 | 192.168.0.1
benchmarks       | 198.18.0.1
multicast        | 224.0.0.1
reserved         | 240.0.0.1
ROWS

run_tests();

__DATA__

=== TEST 1: a listed origin with a private address is requested
--- bytes: 0-
--- fetched
slices 0 1 2 3

=== TEST 2: a URL with an upper-case scheme is not valid
--- settings
MEDIA_HOSTS http://127.0.0.1:$TEST_NGINX_PORT http://localhost:$TEST_NGINX_PORT
--- record
140 aac 129500 3584 HTTP://127.0.0.1:$TEST_NGINX_PORT/140
--- redis
none
--- error_code: 503
