# The access log: an operator reads it after the fact, so what went wrong must be
# in it, whatever part of the rest is left out.

use lib 't/lib';
use VOYO;

plan 'no_plan';

# As deploy/voyo writes it to nginx's configuration.

sub sample {
    my $lines = `bash -c '. $VOYO::root/deploy/lib/render.sh; VOYO_LOG_SAMPLE=$_[0]; log_sample'`;
    $lines =~ s/\s+/ /g;
    return "LOG_SAMPLE $lines\n"
           . "ACCESS_LOG \$TEST_NGINX_HOME/access.log short if=\$voyo_logged";
}

add_response_body_check(sub {
    my ($block) = @_;
    return if !defined $block->half;
    my $logged = () = VOYO::read_file("$ENV{TEST_NGINX_HOME}/access.log")
                      =~ /^206/mg;
    ok($logged > 10 && $logged < 50, $block->name . " - $logged of 60");
});

run_tests();

__DATA__

=== TEST 1: as text
--- settings
ACCESS_LOG $TEST_NGINX_HOME/access.log voyo_text
LOG_CLIENT_TEXT , client $remote_addr
--- request eval
["GET /cdn/stream/dQw4w9WgXcQ", "GET /cdn/stream/dQw4w9WgXcQ?quality=x"]
--- more_headers eval
["Range: bytes=0-99", ""]
--- error_code eval
[206, 400]
--- logged
* [info] access: GET /cdn/stream/dQw4w9WgXcQ 206, track "dQw4w9WgXcQ", range "bytes=0-99", 100 bytes in * s, resolved in * s, cache MISS, problem "", 0 repairs, request *, client 127.0.0.1
* [info] access: GET /cdn/stream/dQw4w9WgXcQ 400, track "dQw4w9WgXcQ", range "-", 127 bytes in * s, resolved in * s, cache -, problem "bad_quality", 0 repairs, request *, client 127.0.0.1

=== TEST 2: without ranges that were answered completely
--- settings eval: main::sample(0)
--- http_config
log_format short '$status $http_range [$voyo_problem]';
--- record
140 aac 129500 3584 /gone
--- media
location = /gone {
    if ($http_range = "bytes=0-1023") { rewrite ^ /140 last; }
    return 503;
}
--- cached
/cdn/stream/dQw4w9WgXcQ 0-99
--- request eval
["GET /cdn/stream/dQw4w9WgXcQ", "GET /cdn/stream/dQw4w9WgXcQ?quality=x", "HEAD /cdn/stream/dQw4w9WgXcQ"]
--- more_headers eval
["Range: bytes=0-1023", "Range: bytes=0-99", ""]
--- error_code eval
[206, 400, 200]
--- logged
400 bytes=0-99 [bad_quality]
200 - []

=== TEST 3: but those that were cut
--- settings eval: main::sample(0)
--- http_config
log_format short '$status $http_range [$voyo_problem]';
--- record
140 aac 129500 3584 /gone
--- media
location = /gone {
    if ($http_range = "bytes=0-1023") { rewrite ^ /140 last; }
    return 503;
}
--- more_headers
Range: bytes=0-
--- error_code: 206
--- bytes: 0-
--- cut: 1024
--- logged
206 bytes=0- [no_resolver]

=== TEST 4: half of them
--- settings eval: main::sample(50)
--- http_config
log_format short '$status $http_range [$voyo_problem]';
--- cached eval
CORE::join "\n", ("/cdn/stream/dQw4w9WgXcQ 0-99") x 60
--- edge
location = /count { return 200; }
--- request
GET /count
--- half
