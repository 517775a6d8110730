# A proxy in front that does not say which client a request is from: all of its
# clients share one limit (docs/upstream.md, P6).  It is logged, and in /health.

use lib 't/lib';
use VOYO;

plan 'no_plan';

run_tests();

__DATA__

=== TEST 1: X-Forwarded-For of a proxy that is not trusted
--- more_headers
X-Forwarded-For: 192.0.2.7
--- bytes: 0-
--- says
proxy "127.0.0.1" is not trusted, its X-Forwarded-For is ignored, all its clients are counted as one

=== TEST 2: X-Forwarded-For of a trusted proxy
--- settings
REAL_IP real_ip_header X-Forwarded-For; set_real_ip_from 127.0.0.0/8;
--- more_headers
X-Forwarded-For: 192.0.2.7
--- bytes: 0-
--- no_error_log
are counted as one

=== TEST 3: a client in a private network, behind a trusted proxy
--- settings
REAL_IP real_ip_header X-Forwarded-For; set_real_ip_from 127.0.0.0/8;
--- more_headers
X-Forwarded-For: 192.168.0.7
--- bytes: 0-
--- no_error_log
are counted as one

=== TEST 4: a trusted proxy that does not send it
--- settings
REAL_IP real_ip_header X-Forwarded-For; set_real_ip_from 127.0.0.0/8;
--- more_headers
Via: 2.0 proxy
--- bytes: 0-
--- says
proxy "127.0.0.1" sends no X-Forwarded-For, all its clients are counted as one

=== TEST 5: an nginx in front, with its own HTTP/1.0
--- settings
REAL_IP real_ip_header X-Forwarded-For; set_real_ip_from 127.0.0.0/8;
--- request
GET /cdn/stream/dQw4w9WgXcQ HTTP/1.0
--- bytes: 0-
--- says
proxy "127.0.0.1" sends no X-Forwarded-For

=== TEST 6: no proxy
--- bytes: 0-
--- no_error_log
are counted as one
