# docs/recipes.md: who may listen.  Each recipe is read from the document and
# used as it stands there; a mistake in one would lock listeners out, or let
# everybody in.

use lib 't/lib';
use VOYO;

use Digest::MD5 qw(md5_base64);
use HTTP::Tiny;
use Time::HiRes qw(time);

plan 'no_plan';

# What takes at least so many seconds, whatever the machine does.

our $began;

add_response_body_check(sub {
    my ($block) = @_;
    cmp_ok(time - $began, '>=', $block->slow, $block->name . ' - is slow')
        if defined $block->slow;
});

our $known = "140 aac 129500 3584 /140\ntrack aaaaaaaaaaa\n"
             . "140 aac 129500 3584 /140\n";

# The parameters of a signed link, as the document makes them.

sub signed {
    my ($track, $seconds) = @_;
    my $expires = time + $seconds;
    $expires =~ s/\..*//;

    return "md5=" . (md5_base64("$expires $track SECRET") =~ tr{+/}{-_}r)
           . "&expires=$expires";
}

# A response that takes longer than its link is valid.  On a busy machine the
# link may have expired when it is used.

sub expiring {
    my ($answer, $began);

    do {
        $began = time;
        $answer = HTTP::Tiny->new->get(
            "http://127.0.0.1:$VOYO::edge/cdn/stream/$VOYO::TRACK?"
            . signed($VOYO::TRACK, 1));
    } while ($answer->{status} == 410);

    is($answer->{content}, VOYO::content(140, 0, $VOYO::SIZE - 1),
       'the whole track');
    cmp_ok(time - $began, '>', 2, 'after the link has expired');
}

# The same by the document's code.

sub documented {
    my ($code) = VOYO::read_file("$VOYO::root/docs/recipes.md")
        =~ /^(    import .*?^    \}\n)/ms;
    open my $node, '-|', 'node', '--input-type=module', '-e',
        "$code; process.stdout.write(link('$_[0]', 60))" or die "node: $!";
    return <$node> =~ s/.*\?//r;
}

# What is allowed: the whole, a range, a HEAD, a prefetch, a description, in
# both forms of the id.

table(<<'BLOCK', <<'ROWS');
{recipe}: {what} is allowed
--- recipe: {recipe}
--- record eval: $main::known
--- resolver
--- media
location = /may-listen { access_log off; if ($http_x_track != aaaaaaaaaaa) { return 403; } return 204; }
--- request eval
[map { s/\?$//r } map {; "GET /cdn/stream/$_?{query}", "GET /cdn/stream/$_?{query}", "HEAD /cdn/stream/$_?{query}", "HEAD /cdn/stream/$_?prefetch=true&{query}", "GET /cdn/track/$_?{query}", "OPTIONS /cdn/stream/$_" } 'aaaaaaaaaaa', 'vyo_YWFhYWFhYWFhYWE']
--- more_headers eval
[map {; ($_, "Range: bytes=1500-2100\n$_", $_, $_, $_, "") x 2 } "{headers}"]
--- error_code eval
[(200, 206, 200, 200, 200, 204) x 2]
BLOCK
recipe | what | query | headers

Signed links           | a link        | @{[main::signed('aaaaaaaaaaa', 60)]} |
Signed links           | a link of the document's code | @{[main::documented('aaaaaaaaaaa')]} |
Asking the application | a track       | |
Hotlink protection     | a page        | | Referer: https://www.music.example/player
Hotlink protection     | no page       | |
Limits for listeners   | a listener    | |
A block list           | another track | |
ROWS

# What is refused, and that nothing is fetched for it.

table(<<'BLOCK', <<'ROWS');
{recipe}: {what}
--- recipe: {recipe}
--- record eval: $main::known
--- resolver
--- media
location = /may-listen { access_log off; {app} }
--- request eval
[map { s/\?$//r } map {; "GET /cdn/stream/$_?{query}", "GET /cdn/stream/$_?{query}", "HEAD /cdn/stream/$_?{query}", "HEAD /cdn/stream/$_?prefetch=true&{query}", "GET /cdn/track/$_?{query}" } 'dQw4w9WgXcQ', 'vyo_ZFF3NHc5V2dYY1E', '%64Qw4w9WgXcQ']
--- more_headers eval
[map {; ($_, "Range: bytes=1500-2100\n$_", $_, $_, $_) x 3 } "{headers}"]
--- error_code eval
[({status}) x 15]
--- response_body_like eval
[(('"status":{status},"code":"{code}"') x 2, ('^$') x 2, '"code":"{code}"') x 3]
--- says
{says}
--- fetched
BLOCK
recipe | what | query | headers | app | status | code | says

Signed links           | without a signature    | | | | 403 | refused
Signed links           | of another track       | @{[main::signed('aaaaaaaaaaa', 60)]} | | | 403 | refused
Signed links           | without the time       | @{[main::signed('dQw4w9WgXcQ', 60) =~ s/&.*//r]} | | | 403 | refused
Signed links           | with a later time      | @{[main::signed('dQw4w9WgXcQ', 60)]}9 | | | 403 | refused
Signed links           | expired                | @{[main::signed('dQw4w9WgXcQ', -2)]} | | | 410 | refused
Asking the application | who is not logged in   | | Cookie: x=y | return 401; | 401 | refused
Asking the application | who may not            | | Cookie: x=y | if ($http_cookie = x=y) { return 403; } return 204; | 403 | refused
Asking the application | it fails               | | | return 500; | 502 | media_failed | auth request unexpected status: 500
Asking the application | it closes              | | | return 444; | 502 | media_failed | auth request unexpected status: 502\nupstream prematurely closed connection
Hotlink protection     | another site           | | Referer: https://other.example/ | | 403 | refused
Hotlink protection     | a site like it         | | Referer: https://music.example.org/ | | 403 | refused
A block list           | a blocked track        | | | | 451 | refused
ROWS

run_tests();

__DATA__

=== TEST 1: a link that expires while it is played
--- recipe: Signed links
--- location
limit_rate 1k;
--- init
main::expiring();
--- error_code: 403

=== TEST 2: four listeners, and a fifth
--- recipe: Limits for listeners
--- record
140 aac 129500 8000000 /140
--- init
VOYO::hold("/cdn/stream/$VOYO::TRACK", 4);
--- request eval
["GET /cdn/stream/dQw4w9WgXcQ", "HEAD /cdn/stream/dQw4w9WgXcQ?prefetch=true", "GET /cdn/track/dQw4w9WgXcQ"]
--- error_code eval
[429, 429, 429]
--- response_headers eval
["Retry-After: 5", "Retry-After: 5", "Retry-After: 5"]
--- response_body_like eval
['"status":429,"code":"too_many_requests","retryable":true', '^$', '"code":"too_many_requests"']

=== TEST 3: of another address
--- recipe: Limits for listeners
--- settings
REAL_IP real_ip_header X-Forwarded-For; set_real_ip_from 127.0.0.1;
--- record
140 aac 129500 8000000 /140
--- init
VOYO::hold("/cdn/stream/$VOYO::TRACK", 4);
--- more_headers
X-Forwarded-For: 192.0.2.7
Range: bytes=1000-2999
--- error_code: 206
--- bytes: 1000-2999

=== TEST 4: 512 KB per second after the first megabyte
--- recipe: Limits for listeners
--- replace
slice 1k; => slice 512k;
--- record
140 aac 129500 2200000 /140
--- init
$main::began = time;
--- bytes: 0-
--- slow: 1

=== TEST 5: a password for status and metrics
--- recipe: A password for status and metrics
--- settings
STATUS_ALLOW 0.0.0.0/1 1; 128.0.0.0/1 1;
REAL_IP real_ip_header X-Forwarded-For; set_real_ip_from 127.0.0.1;
--- resolver
--- request eval
["GET /metrics", "GET /health", "GET /metrics", "GET /health", "GET /metrics", "GET /metrics", "GET /health/live"]
--- more_headers eval
["", "", ("X-Forwarded-For: 192.0.2.7\nAuthorization: Basic b3BlcmF0b3I6c2VjcmV0") x 2, "X-Forwarded-For: 192.0.2.7", "X-Forwarded-For: 192.0.2.7\nAuthorization: Basic b3BlcmF0b3I6b3RoZXI=", "X-Forwarded-For: 192.0.2.7"]
--- error_code eval
[200, 200, 200, 200, 401, 401, 200]
--- says
password mismatch

=== TEST 6: all of them together
--- recipe
Signed links
Asking the application
Hotlink protection
Limits for listeners
A password for status and metrics
A block list
--- record eval: $main::known
--- media
location = /may-listen { access_log off; return 204; }
--- request eval
["GET /cdn/stream/aaaaaaaaaaa?" . main::signed('aaaaaaaaaaa', 60), "GET /cdn/stream/aaaaaaaaaaa", "GET /cdn/stream/dQw4w9WgXcQ?" . main::signed('dQw4w9WgXcQ', 60), "GET /health"]
--- error_code eval
[200, 403, 451, 503]
