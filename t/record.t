# Redis is not trusted: a record that is not complete and valid is ignored, and
# the track is resolved again.  A URL with a line break could add headers to a
# request to a media host, and one bad record would make a track fail for a month.

use lib 't/lib';
use VOYO;

plan 'no_plan';

# Seen by the scripts: it is as if there were none.

table(<<'BLOCK', <<'ROWS');
no record: {what}
--- resolves
140 aac 129500 3584 /140
--- init
VOYO::change(sub { {change} });
--- bytes: 0-
--- asked
play dQw4w9WgXcQ
BLOCK
what | change

no JSON             | $_ = 'x'
another version     | s/"v":1/"v":2/
no generation       | s/"generation":1,//
a generation of text | s/"generation":1/"generation":"1"/
ROWS

table(<<'BLOCK', <<'ROWS');
unreadable: {what}
--- resolves
140 aac 129500 3584 /140
--- init
VOYO::change(sub { {change} });
--- bytes: 0-
--- asked
play dQw4w9WgXcQ
--- says
unreadable record of track "dQw4w9WgXcQ" in redis, it is not used
BLOCK
what | change

half of it                    | substr $_, 200, length $_, ''
something behind it           | $_ .= '{}'
another track's               | s/"id":"dQw4w9WgXcQ"/"id":"aaaaaaaaaaa"/
no formats                    | s/"formats":.*\]/"formats":[]/
a format that names another   | s/"representation":"dQw4w9WgXcQ/"representation":"aaaaaaaaaaa/
a size that is not its name's | s/"size":3584/"size":3585/
a size of nothing             | s/"size":3584/"size":0/; s/[.]3584"/.0"/
a size below nothing          | s/"size":3584/"size":-1/; s/[.]3584"/.-1"/
another codec                 | s/"codec":"aac"/"codec":"mp3"/
another scheme                | s/"url":"http:/"url":"ftp:/
no URL                        | s/"url":/"uri":/
a line's end in a URL         | s/SIGNATURE/x\\r\\nX: 1/
a line's end in a User-Agent  | s/"user_agent":"VOYO"/"user_agent":"a\\r\\nX: 1"/
a zero in a URL               | s/SIGNATURE/x\\u0000/
a URL that is too long        | s/SIGNATURE/"x" x 4096/e
more than 16 KB               | s/"formats"/'"more":"' . "x" x 17000 . '","formats"'/e
a bit rate of text            | s/"bitrate":129500/"bitrate":"129500"/
a bit rate of nothing         | s/"bitrate":129500/"bitrate":0/
no end                        | s/"expires":/"expiry":/
a title that is too long      | s/"formats"/'"title":"' . "x" x 513 . '","formats"'/e
seven formats                 | s/"formats":\[(.*?\})/'"formats":[' . "$1," x 6 . $1/e
ROWS

run_tests();

__DATA__

=== TEST 1: an invalid failure
--- record
--- resolves
140 aac 129500 3584 /140
--- redis
SET @failure:dQw4w9WgXcQ {"v":1,"generation":1,"id":"dQw4w9WgXcQ","resolved_at":1,"error":1} EX 1
--- error_code: 502
--- response_body_like: "code":"internal","retryable":true
--- says
unreadable failure of track "dQw4w9WgXcQ" in redis, it is not used

=== TEST 2: a key of another type is deleted
--- record
--- resolves
140 aac 129500 3584 /140
--- redis
LPUSH @track:dQw4w9WgXcQ x
LPUSH @failure:dQw4w9WgXcQ x
LPUSH @breaker x
--- bytes: 0-

=== TEST 3: unknown fields of a newer resolver are ignored
--- init
VOYO::change(sub { s/"formats"/"new":{"a":[1,2]},"formats"/ });
--- bytes: 0-
