# The response if a track cannot be played, RFC 9457: a status, a code and
# whether to retry.  Never 500, never an empty 200; without Retry-After all
# players would retry at once.

use lib 't/lib';
use VOYO;

plan 'no_plan';

# Failures of tracks, as Redis remembers them: docs/upstream.md, Y4.

table(<<'BLOCK', <<'ROWS');
{code}
--- record
--- failure
{code} 90
--- error_code: {status}
--- response_headers
Content-Type: application/problem+json
Cache-Control: no-store
Access-Control-Allow-Origin: *
! ETag
! X-Voyo-Problem
{retry}
--- response_body_like: ^\{"type":"about:blank","title":"[^"]+","status":{status},"code":"{told}","retryable":{retryable}\}\s$
--- fetched
BLOCK
code | status | told | retryable | retry

private              | 404 | private              | false | ! Retry-After
unavailable          | 404 | unavailable          | false | ! Retry-After
drm                  | 404 | drm                  | false | ! Retry-After
live                 | 404 | live                 | true  | ! Retry-After
upcoming             | 404 | upcoming             | true  | ! Retry-After
no_audio             | 404 | no_audio             | true  | ! Retry-After
unsupported_protocol | 404 | unsupported_protocol | true  | ! Retry-After
age_restricted       | 403 | age_restricted       | false | ! Retry-After
paid                 | 403 | paid                 | false | ! Retry-After
geo_blocked          | 451 | geo_blocked          | false | ! Retry-After
legal                | 451 | legal                | false | ! Retry-After
client_refused       | 502 | client_refused       | true  | Retry-After: 90
forbidden            | 502 | forbidden            | true  | Retry-After: 90
network              | 502 | network              | true  | Retry-After: 90
tls                  | 502 | tls                  | true  | Retry-After: 90
upstream             | 502 | upstream             | true  | Retry-After: 90
no_formats           | 502 | no_formats           | true  | Retry-After: 90
extractor            | 502 | extractor            | true  | Retry-After: 90
internal             | 502 | internal             | true  | Retry-After: 90
timeout              | 504 | timeout              | true  | Retry-After: 90
new_in_next_year     | 502 | internal             | true  | Retry-After: 90
ROWS

# Errors of the request, which need no other part; of missing parts; and of the
# source.

table(<<'BLOCK', <<'ROWS');
{what}
--- request
GET {uri}
--- record
{record}
--- redis
{redis}
--- settings
{settings}
{live}
--- error_code: {status}
--- response_headers
Content-Type: application/problem+json
Cache-Control: no-store
{retry}
--- response_body_like: ^\{"type":"about:blank","title":"[^"]+","status":{status},"code":"{code}","retryable":{retryable}\}\s$
BLOCK
what | uri | record | redis | settings | live | status | code | retryable | retry

no id                 | /cdn/stream/                     | | none | | | 400 | bad_track | false | ! Retry-After
an id that is short   | /cdn/stream/dQw4w9WgXc           | | none | | | 400 | bad_track | false | ! Retry-After
an id that is long    | /cdn/stream/dQw4w9WgXcQQ         | | none | | | 400 | bad_track | false | ! Retry-After
another character     | /cdn/stream/dQw4w9WgXc.          | | none | | | 400 | bad_track | false | ! Retry-After
a line's end          | /cdn/stream/dQw4w9WgXcQ%0a       | | none | | | 400 | bad_track | false | ! Retry-After
more of a path        | /cdn/stream/dQw4w9WgXcQ/x        | | none | | | 400 | bad_track | false | ! Retry-After
the alias, cut        | /cdn/stream/vyo_ZFF3NHc5V2dYY1   | | none | | | 400 | bad_track | false | ! Retry-After
the alias, padded     | /cdn/stream/vyo_ZFF3NHc5V2dYY1E= | | none | | | 400 | bad_track | false | ! Retry-After
the alias, not canonical | /cdn/stream/vyo_ZFF3NHc5V2dYY1F | | none | | | 400 | bad_track | false | ! Retry-After
a quality             | /cdn/stream/dQw4w9WgXcQ?quality=best | | none | | | 400 | bad_quality | false | ! Retry-After
a quality in capitals | /cdn/stream/dQw4w9WgXcQ?quality=LOW  | | none | | | 400 | bad_quality | false | ! Retry-After
a codec               | /cdn/stream/dQw4w9WgXcQ?codec=mp3    | | none | | | 400 | bad_codec | false | ! Retry-After
Redis is not there    | /cdn/stream/dQw4w9WgXcQ | | none | | | 503 | redis_unavailable | true | Retry-After: 2
no resolver lives     | /cdn/stream/dQw4w9WgXcQ | | | | | 503 | no_resolver | true | Retry-After: 5
none that lives any more | /cdn/stream/dQw4w9WgXcQ | | ZADD @resolvers 1000 dead | | | 503 | no_resolver | true | Retry-After: 5
one that does nothing | /cdn/stream/dQw4w9WgXcQ | | | RESOLVE_TIMEOUT 200ms | --- resolver | 504 | resolve_timeout | true | Retry-After: 5
the queue is full     | /cdn/stream/dQw4w9WgXcQ | | HSET @limits queue 1\nZADD @jobs:play 1 aaaaaaaaaaa | | --- resolver | 503 | busy | true | Retry-After: 5
the source's bot check | /cdn/stream/dQw4w9WgXcQ | | HSET @breaker class bot_check until now+60000 | | --- resolver | 503 | bot_check | true | Retry-After: 60
the source's limit    | /cdn/stream/dQw4w9WgXcQ | | HSET @breaker class rate_limited until now+300000 | | --- resolver | 503 | rate_limited | true | Retry-After: 300
the breaker's probe is under way | /cdn/stream/dQw4w9WgXcQ | | HSET @breaker class bot_check until 1 probe aaaaaaaaaaa probe_until now+3000 | | --- resolver | 503 | bot_check | true | Retry-After: 3
a host that is not listed | /cdn/stream/dQw4w9WgXcQ | 140 aac 129500 3584 https://example.com/x | | | | 502 | host_not_allowed | false | Retry-After: 60
a media host that fails | /cdn/stream/dQw4w9WgXcQ | 140 aac 129500 3584 /none | | | | 503 | no_resolver | true | Retry-After: 5
a URL that is valid later | /cdn/stream/dQw4w9WgXcQ | 140 aac 129500 3584 /140 not_before=100 | | | | 502 | media_failed | true | ! X-None
no picture            | /cdn/art/dQw4w9WgXcQ | 140 aac 129500 3584 /140 | | | | 404 | no_artwork | false | ! Retry-After
a description without Redis | /cdn/track/dQw4w9WgXcQ | | none | | | 503 | redis_unavailable | true | Retry-After: 2
a description of nothing    | /cdn/track/short | | | | | 400 | bad_track | false | ! Retry-After
ROWS

run_tests();
