# Methods, RFC 9110, sections 9.1 and 15.5.6: methods other than GET and HEAD must
# not reach the source, and a 405 has Allow.  OPTIONS allows a page of another
# origin to request ranges.

use lib 't/lib';
use VOYO;

plan 'no_plan';

table(<<'BLOCK', <<'ROWS');
{method} {path}
--- request
{method} {path}
--- error_code: {status}
--- response_headers
{header}
--- response_body_like: {body}
--- fetched
BLOCK
method | path | status | header | body

DELETE  | /cdn/stream/dQw4w9WgXcQ | 405 | Allow: GET, HEAD | "code":"bad_method","retryable":false
POST    | /cdn/stream/dQw4w9WgXcQ | 405 | Allow: GET, HEAD | "code":"bad_method"
PUT     | /cdn/stream/dQw4w9WgXcQ | 405 | Allow: GET, HEAD | "code":"bad_method"
PATCH   | /cdn/stream/dQw4w9WgXcQ | 405 | Allow: GET, HEAD | "code":"bad_method"
BREW    | /cdn/stream/dQw4w9WgXcQ | 405 | Allow: GET, HEAD | "code":"bad_method"
POST    | /cdn/stream/short       | 405 | Allow: GET, HEAD | "code":"bad_method"
OPTIONS | /cdn/stream/dQw4w9WgXcQ | 204 | Allow: GET, HEAD, OPTIONS\nAccess-Control-Allow-Methods: GET, HEAD, OPTIONS\nAccess-Control-Allow-Headers: Range, If-Range, If-None-Match\nAccess-Control-Max-Age: 86400\nAccess-Control-Allow-Origin: * | ^$
OPTIONS | /cdn/stream/short       | 204 | Allow: GET, HEAD, OPTIONS | ^$
POST    | /cdn/track/dQw4w9WgXcQ  | 405 | Allow: GET, HEAD | "code":"bad_method"
OPTIONS | /cdn/track/dQw4w9WgXcQ  | 405 | Allow: GET, HEAD | "code":"bad_method"
POST    | /cdn/art/dQw4w9WgXcQ    | 405 | Allow: GET, HEAD | "code":"bad_method"
POST    | /health                 | 405 | ! X-None         |
ROWS

run_tests();
