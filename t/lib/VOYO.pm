package VOYO;

# The library of all t/*.t.  There are three kinds of blocks:
#
#   --- config     with its own locations; a zone and an address of Redis are
#                  configured unless the block does so
#   --- bare       the same, with nothing configured
#   neither        all of VOYO in one nginx: the http block of
#                  conf/nginx.conf.in and the files that it includes, changed
#                  only to slices of 1 KB, with Redis on a socket, and a media
#                  server, which is Test::Nginx's own server
#
# Sections of the third kind, in addition to Test::Nginx's:
#
#   --- record     the record of the track dQw4w9WgXcQ in Redis, one line per
#                  format: ITAG CODEC BITRATE SIZE URL [NAME=VALUE ...]
#                  URL: a path of the media server, or complete; names: lmt,
#                  expires and not_before (seconds from now), user_agent.
#                  A line "track ID [NAME=VALUE ...]" starts another track;
#                  names: generation, title, artist, album ("_" is a space),
#                  artwork, duration, loudness.  Without the section: 140 and
#                  251, see $USUAL; if it is empty, no track is known.
#   --- failure    CLASS [SECONDS [ID]], a failure stored in Redis
#   --- redis      commands for Redis, "@name" is a key, "now+N" a time in ms;
#                  or "none": Redis cannot be reached
#   --- resolver   a resolver is alive; each line is the heartbeat of one
#   --- resolves   a resolver is alive and stores these records, as in
#                  --- record, when they are requested; "after=SECONDS" in a line
#                  "track" delays it; several records of one track are for
#                  consecutive jobs
#   --- media      locations of the media server; its files are /ITAG, each with
#                  different bytes; its log is checked by --- fetched.
#                  "limit_req zone=latch burst=N nodelay" with error_page 503
#                  lets one location answer the first N + 1 requests for a
#                  slice, and another location the rest
#   --- settings   NAME VALUE: values for @NAME@ in conf/nginx.conf.in
#   --- edge       lines for the edge server
#   --- location   lines for its location of streams
#   --- recipe     titles of sections of docs/recipes.md, one per line, whose
#                  files are used; in them /etc/voyo is $TEST_NGINX_HOME/etc, and the application
#                  at 127.0.0.1:3000 is the media server
#   --- replace    FROM => TO, in the files of conf/
#   --- file       the content of /140
#   --- example    conf/example.conf instead of conf/nginx.conf.in
#   --- cached     preceding requests, one per line: [METHOD] PATH [RANGE]; an
#                  empty line is a GET of the track
#   --- change     FROM => TO, in nginx's configuration, after these
#   --- reload     then nginx is reloaded; --- reload_is_refused: it refuses to
#
#   --- unread     another client reads 100 kB of the track and stops: the
#                  maximum number of slices that are fetched for it
#
#   --- bytes      the body, one line per request: [ITAG] FIRST-LAST; "none" is
#                  an empty body, "any" is not checked
#   --- cut        the body is shorter than announced: the minimum number of
#                  bytes, of those in --- bytes
#   --- says       expected lines of the error log, [error] or not
#   --- fetched    requests to the media server, one per line: PATH FIRST-LAST,
#                  in any order; "slices 0 3" are those of /140
#   --- logged     the access log, without times and chosen request ids
#   --- asked      jobs that the resolver received, one per line: LANE ID
#
# The default request is GET /cdn/stream/dQw4w9WgXcQ.  Every block also checks
# that no log and no response contains a signed URL, and that there is no
# [error], [alert], [crit] or [emerg], also when nginx ends, except those in its
# --- says or --- error_log.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use HTTP::Tiny;
use IO::Socket::INET;
use Socket qw(:DEFAULT inet_aton pack_sockaddr_in SO_RCVBUF SOCK_STREAM);
use IO::Socket::UNIX;
use JSON::PP;
use POSIX qw(:sys_wait_h);
use Time::HiRes qw(sleep time);

our ($root, $module, $base, $edge, $media);

# connections that a block keeps open until it ends, see hold()
our @held;

BEGIN {
    $root = abs_path(dirname(__FILE__) . '/../..');
    $module = $ENV{VOYO_MODULE} // "$root/build/nginx/ngx_voyo_module.so";

    # several tests run at a time: ports below the ephemeral ones, chosen by
    # process id
    my @ports;
    for (my $port = 10000 + 10 * ($$ % 2000); @ports < 2; $port++) {
        push @ports, $port if IO::Socket::INET->new(
            LocalAddr => '0.0.0.0', LocalPort => $port, Listen => 1,
            ReuseAddr => 1);
    }
    ($media, $edge) = @ports;

    $base = tempdir('voyo-t-XXXXXX', TMPDIR => 1, CLEANUP => 1);
    chmod 0755, $base;

    $ENV{TEST_NGINX_BINARY} ||= $ENV{VOYO_NGINX} || '/usr/sbin/nginx';
    $ENV{TEST_NGINX_PORT} = $media;
    $ENV{TEST_NGINX_EDGE_PORT} = $edge;
    $ENV{TEST_NGINX_SERVROOT} = "$base/servroot";
    $ENV{TEST_NGINX_NO_SHUFFLE} = 1;
    $ENV{TEST_NGINX_LOG_LEVEL} ||= 'info';
    $ENV{TEST_NGINX_TIMEOUT} ||= 20;
}

use Test::Nginx::Socket -Base;

our @EXPORT = (@Test::Nginx::Socket::EXPORT, 'table');

our $TRACK = 'dQw4w9WgXcQ';
our $SLICE = 1024;
our $SIZE = 3584;
our $SECRET = 'SIGNATURE';

our $USUAL = <<'END';
140 aac 129500 3584 /140
251 opus 130000 3584 /251
END

our %SETTINGS = (
    LOG_LEVEL => 'info', WORKERS => 1, USER => '', NOFILE => 1024,
    CONNECTIONS => 256,
    CACHE_KEYS => '16m',
    ZONE_SIZE => '1m', CODEC => 'aac', QUALITY_TOLERANCE => 10,
    RESOLVE_TIMEOUT => '15s', RETRY_TIMEOUT => '0', AHEAD => 0, RESOLVER => '',
    CACHE_SIZE => '100m', CACHE_MIN_FREE => '1m', FAMILY => 'any',
    LIMIT_ZONE => '', LIMIT => '', FETCH_ZONE => '', FETCH => '', REAL_IP => '', MP4_HEADER => 'on',
    CORS_KEY => '""', CORS_ORIGINS => 'default "*";', LISTEN_IPV6 => '', PROXY_BIND => '',
    STATUS_ALLOW => '127.0.0.0/8 1;', TRUSTED => '', LOG_CLIENT => '',
    LOG_CLIENT_TEXT => '', LOG_SAMPLE => '',
    OWN_HTTP => '', OWN_SERVER => '', OWN_TRACK => '', OWN_STATUS => '',
);

my ($number, %state) = (0);
my ($redis, $redis_pid);

# the original runs ps three times per block, a tenth of a second each
{
    no warnings qw(redefine prototype);
    *Test::Nginx::Util::is_defunct = sub ($) {
        return eval { read_file("/proc/$_[0]/stat") =~ /\) Z / };
    };
}

master_on();
workers(1);
worker_connections(1024);
no_root_location();


# The block's configuration.

add_block_preprocessor(sub {
    my $block = shift;

    %state = (home => "$base/" . ++$number, egress => "b$number");
    $block->set_value('main_config', "load_module $module;\n"
                      . ($block->main_config // '')) if $module ne '';

    if (defined $block->bare || defined $block->config
        || defined $block->must_die)
    {
        server_port_for_client($media);
        prepare_alone($block);

    } else {
        server_port_for_client($edge);
        prepare_whole($block);
    }

    $block->set_value('suppress_stderr', '') if defined $block->must_die;
});

sub prepare_alone() {
    my $block = shift;
    my $http = $block->http_config // '';

    if (!defined $block->bare) {
        $http = "voyo_zone voyo:1m;\n$http" if $http !~ /voyo_zone/;
        $http = "voyo_redis unix:/nowhere/redis.sock;\n$http"
            if $http !~ /voyo_redis/;
    }

    $block->set_value('http_config', $http);
    $block->set_value('config', $block->config // '');
    $block->set_value('request', 'GET /t')
        if !defined $block->request && !defined $block->must_die;
}

sub prepare_whole() {
    my $block = shift;
    my $home = $ENV{TEST_NGINX_HOME} = $state{home};

    make_path(map { "$home/$_" } qw(run cache tmp conf media));
    start_redis() if !$redis;

    my $track = ($block->record // $USUAL);
    my %sizes = map { /^(\d+) \S+ \d+ (\d+) / ? ($1, $2) : () }
                split /\n/, $USUAL . $track;
    while (my ($itag, $size) = each %sizes) {
        write_file("$home/media/$itag", content($itag, 0, $size - 1));
    }
    $state{sizes} = \%sizes;
    write_file("$home/media/140", $block->file) if defined $block->file;

    $block->set_value('http_config', ($block->http_config // '')
                      . http_block($block));
    $block->set_value('config', <<"END" . ($block->media // ''));
        types { }
        default_type audio/mp4;
        access_log $home/media.log fetched;
        error_log $home/media.error.log;
        location / { root $home/media; }
END

    $block->set_value('request', "GET /cdn/stream/$TRACK")
        if !defined $block->request && !defined $block->raw_request;

    my $before = $block->init // '';
    $block->set_value('init', "VOYO::begin();\n$before");
    $state{block} = $block;

    if (defined $block->bytes) {
        my @bytes = map { body_of($_) } split /\n/, $block->bytes;
        if (defined $block->cut) {
            $state{cut} = $bytes[-1];
        } else {
            $block->set_value('response_body', [@bytes]);
        }
    }

    if (!defined $block->raw_response_headers_unlike) {
        my $request = $block->request;
        $block->set_value('raw_response_headers_unlike',
            ref $request ? [($SECRET) x @$request] : $SECRET);
    }
}

# The http block of conf/nginx.conf.in, without directives of Test::Nginx.

sub http_block() {
    my $block = shift;
    my $home = $state{home};

    return example_block($home) if defined $block->example;

    my %values = (
        %SETTINGS, MODULE => $module, HOME => $home, CONF => "$home/conf",
        SCRATCH => "$home/run",
        EGRESS => $state{egress}, PORT => "127.0.0.1:$edge",
        REDIS_URL => 'unix:' . (($block->redis // '') =~ /^none$/m
                                ? '/nowhere/redis.sock' : $redis),
        MEDIA_HOSTS => "http://127.0.0.1:$media",
        ART_URL => "http://127.0.0.1:$media/art/\${voyo_id_track}",
        ACCESS_LOG => "$home/access.log voyo", APP => $block->edge // '',
        CA_FILE => "$home/ca.pem",
        recipe($block->recipe // ''),
        map { my ($name, $value) = split ' ', $_, 2; ($name => $value) }
        split /\n/, expand($block->settings // ''));

    my @replace = map { [split / => ?/, $_, 2] }
                  split /\n/, expand($block->replace // '');
    unshift @replace, ['slice 512k;', 'slice 1k;'];
    push @replace, ['location ^~ /cdn/stream/ {',
                    "location ^~ /cdn/stream/ {\n" . $block->location]
        if defined $block->location;
    my %done;

    # a single certificate loads faster than the whole bundle
    read_file('/etc/ssl/certs/ca-certificates.crt')
        =~ /(-----BEGIN.*?END CERTIFICATE-----\n)/s or die 'no certificate';
    write_file("$home/ca.pem", $1);

    my $http;
    for my $path (glob "$root/conf/*.conf $root/conf/nginx.conf.in") {
        next if $path =~ m{/example\.conf$};
        my $text = read_file($path);
        for my $each (@replace) {
            $done{$each->[0]} += ($text =~ s/\Q$each->[0]\E/$each->[1]/g);
        }
        $text =~ s/^ *#.*\n//gm;
        $text =~ s{\@([A-Z0-9_]+)\@}{
            $values{$1} // die "VOYO.pm has no value for $1 of $path" }eg;
        if ($path =~ /\.in$/) {
            ($http) = $text =~ /^http \{\n(.*)^\}/ms;
        } else {
            write_file("$home/conf/" . ($path =~ s{.*/}{}r), $text);
        }
    }
    for my $each (@replace) {
        $done{$each->[0]} or die "conf/ has no \"$each->[0]\"";
    }

    $http =~ s/^ *(\w+_temp_path|default_type application\/octet).*\n//gm;
    return "log_format fetched '\$uri \$http_range';\n"
           . "limit_req_zone \$uri\$http_range zone=latch:1m rate=1r/m;\n"
           . $http;
}

# What sections of docs/recipes.md have for each file.

sub recipe() {
    my $document = read_file("$root/docs/recipes.md");
    my $text = join '', map {
        $document =~ /^## \Q$_\E\n(.*?)(?=^## |\z)/ms
            or die "docs/recipes.md has no \"$_\"";
        $1;
    } split /\n/, $_[0];

    return if $text eq '';
    $text =~ s{/etc/voyo}{$state{home}/etc}g;
    $text =~ s/127\.0\.0\.1:3000/127.0.0.1:$media/g;
    make_path("$state{home}/etc");

    my %files;
    while ($text =~ /^`([\w.]+)`:\n\n((?:    .*\n|\n)+)/mg) {
        my ($name, $lines) = ($1, $2);
        $lines =~ s/^    //mg;
        if ($name =~ /(.*)\.conf$/) {
            $files{'OWN_' . uc $1} .= $lines;
        } else {
            write_file("$state{home}/etc/$name", $lines =~ s/\n+$/\n/r);
        }
    }
    %files or die "docs/recipes.md has no file for \"$_[0]\"";
    return %files;
}

# That of conf/example.conf, with paths, ports and slices of the tests.

sub example_block() {
    my $home = shift;
    my ($http) = read_file("$root/conf/example.conf") =~ /^http \{(.*)\}/ms;

    my @replace = (
        ['/var/cache/voyo', "$home/cache"],
        ['/run/voyo.sock', "$home/run/voyo.sock"],
        ['/var/log/nginx/voyo.log', "$home/voyo.log"],
        ['redis://127.0.0.1:6379', "unix:$redis"],
        ['listen 80 ', "access_log $home/access.log;  listen 127.0.0.1:$edge "],
        ['slice 512k', 'slice 1k'],
        ['voyo_zone voyo:32m;', "voyo_zone voyo:1m;  voyo_egress $state{egress};"
         . "  voyo_media_hosts http://127.0.0.1:$media;"]);
    for my $each (@replace) {
        $http =~ s/\Q$each->[0]\E/$each->[1]/g
            or die "conf/example.conf has no \"$each->[0]\"";
    }
    return "log_format fetched '\$uri \$http_range';\n$http";
}


# Redis, one for all blocks; each block has its own egress.

sub start_redis() {
    $redis = "$base/redis.sock";
    $redis_pid = fork() // die "fork: $!";
    if (!$redis_pid) {
        open STDOUT, '>', "$base/redis.log";
        open STDERR, '>&', \*STDOUT;
        exec 'setpriv', '--pdeathsig', 'KILL', '--', 'redis-server',
             '--port', '0', '--unixsocket', $redis, '--unixsocketperm', '777',
             '--dir', $base, '--save', '', '--daemonize', 'no'
            or POSIX::_exit(127);
    }
    wait_for('Redis answers', sub { eval { redis('PING') } });
}

sub redis() {
    state_connection() if !$state{redis};
    return command($state{redis}, @_);
}

sub state_connection() {
    $state{redis} = IO::Socket::UNIX->new(Peer => $redis)
        or die "no connection to Redis: $!";
}

sub command() {
    my $connection = shift;
    print $connection join '', '*' . @_ . "\r\n",
        map { '$' . length($_) . "\r\n$_\r\n" } @_;
    $connection->flush;
    return reply($connection);
}

sub reply() {
    my $connection = shift;
    my $line = <$connection> // die 'Redis closed the connection';
    my ($kind, $rest) = $line =~ /^(.)(.*)\r\n/s;

    die "Redis: $rest" if $kind eq '-';
    return $rest if $kind eq '+' || $kind eq ':';
    return undef if $rest < 0;
    return [map { reply($connection) } 1 .. $rest] if $kind eq '*';
    read $connection, my $text, $rest + 2;
    return substr $text, 0, $rest;
}

sub key() {
    return "voyo:{$state{egress}}:$_[0]";
}


# Records in the format of common/voyo_record.h.

sub records() {
    my $text = shift;
    my @records;

    for (split /\n/, expand($text)) {
        my @words = split ' ';
        my %more = map { /^([a-z_]+)=(.*)/ ? ($1, $2) : () } @words;

        if ($words[0] eq 'track') {
            push @records, { id => $words[1], %more, formats => [] };
            next;
        }
        push @records, { id => $TRACK, formats => [] } if !@records;

        my ($itag, $codec, $bitrate, $size, $url) = @words;
        $url = "http://127.0.0.1:$media$url" if $url =~ m{^/};
        $url .= ($url =~ /\?/ ? '&' : '?') . "sig=$SECRET";
        my $lmt = delete $more{lmt} // 1;
        my $record = $records[-1];
        push @{$record->{formats}}, {
            representation => "$record->{id}.$itag.$lmt.$size",
            codec => $codec, bitrate => $bitrate + 0, size => $size + 0,
            url => $url, user_agent => $more{user_agent} // 'VOYO',
            expires => int(time + ($more{expires} // 21600)),
            not_before => $more{not_before} ? int(time + $more{not_before})
                                            : 0 };
    }
    return @records;
}

sub expand() {
    return $_[0] =~ s/\$(TEST_NGINX_\w+)/$ENV{$1}/gr;
}

sub encoded() {
    my %record = %{shift()};
    my $generation = delete $record{generation} // 1;
    my $after = delete $record{after};

    for my $name (qw(duration loudness retry_after)) {
        $record{$name} += 0 if defined $record{$name};
    }
    for my $name (qw(title artist album)) {
        $record{$name} =~ tr/_/ / if defined $record{$name};
    }
    # the scripts match this beginning
    return qq({"v":1,"generation":$generation,"resolved_at":) . int(time)
           . ',' . substr JSON::PP->new->encode(\%record), 1;
}


# Between the start of nginx and the request.

sub begin() {
    my $block = $state{block};

    redis('FLUSHALL');
    for my $record (records($block->record // $USUAL)) {
        redis('SET', key("track:$record->{id}"), encoded($record))
            if @{$record->{formats}};
    }
    for (split /\n/, $block->failure // '') {
        my ($class, $seconds, $id) = split ' ';
        $seconds //= 60;
        redis('SET', key('failure:' . ($id // $TRACK)), encoded({
            id => $id // $TRACK, error => $class,
            retry_after => $seconds }), 'EX', $seconds);
    }
    if (defined $block->resolver || defined $block->resolves) {
        my @beats = split /\n/, $block->resolver // '';
        @beats = ('{"name":"t","version":"2026.10.26","mode":"warm"}')
            if !@beats;
        for my $i (0 .. $#beats) {
            # a heartbeat is believed for 5 s: one of these always counts
            my $now = int(1000 * time);
            redis('ZADD', key('resolvers'), map { $now + 5001 * $_, "$i.$_" }
                                            0 .. 100);
            redis('MSET', map { (key("resolver:$i.$_"), $beats[$i]) }
                          0 .. 100);
        }
    }
    for (split /\n/, $block->redis // '') {
        next if $_ eq 'none';
        redis(map { s/^\@/key('')/er =~ s/^now\+(\d+)$/int(1000 * time + $1)/er }
              split ' ');
    }
    resolve($block->resolves) if defined $block->resolves;

    wait_for('nginx knows Redis', \&connected)
        if ($block->redis // '') !~ /^none$/m;
    if (defined $block->cached) {
        ask($_) for $block->cached eq '' ? '' : split /\n/, $block->cached;
    }
    change_configuration($block->change) if defined $block->change;
    reload() if defined $block->reload;
    reload_is_refused() if defined $block->reload_is_refused;
    unread($block) if defined $block->unread;
}

# Each worker has two connections; one of them receives events.

sub connected() {
    my $clients = () = redis('CLIENT', 'LIST') =~ /^id=/mg;
    my $heard = redis('PUBSUB', 'NUMSUB', key('events'))->[1];
    return $heard >= 1 && $clients >= 2 + 1 + ($state{resolving} ? 1 : 0);
}

sub ask() {
    my ($method, $path, $range) = $_[0] =~ m{^([A-Z]+ )?(/\S+)?(?: ?(\S+-\S*))?$}
        or die "what is to be cached: \"$_[0]\"";

    $method = $method ? $method =~ s/ $//r : 'GET';
    HTTP::Tiny->new->request($method,
        "http://127.0.0.1:$edge" . ($path // "/cdn/stream/$TRACK"),
        { headers => { $range ? (Range => "bytes=$range") : () } });
}

sub unread() {
    my $block = shift;
    my $listener = $state{listener} = IO::Socket::INET->new(
        Proto => 'tcp', Type => SOCK_STREAM) or die "socket: $!";

    $listener->sockopt(SO_RCVBUF, 65536);
    connect $listener, pack_sockaddr_in($edge, inet_aton('127.0.0.1'))
        or die "connect: $!";
    syswrite $listener, "GET /cdn/stream/$TRACK HTTP/1.1\r\nHost: x\r\n\r\n";
    my $left = 100_000;
    while ($left > 0) {
        my $read = sysread $listener, my $text, $left or die "closed: $!";
        $left -= $read;
    }

    cmp_ok(fetched(), '<=', $block->unread,
           $block->name . ' - slices that were fetched');
}

# Clients that begin to read, and stop, until the block ends.

sub hold() {
    my ($path, $number) = @_;

    for (1 .. $number) {
        my $client = IO::Socket::INET->new(Proto => 'tcp', Type => SOCK_STREAM)
            or die "socket: $!";
        $client->sockopt(SO_RCVBUF, 4096);
        connect $client, pack_sockaddr_in($edge, inet_aton('127.0.0.1'))
            or die "connect: $!";
        syswrite $client, "GET $path HTTP/1.1\r\nHost: x\r\n\r\n";
        sysread $client, my $text, 100 or die "closed: $!";
        push @held, $client;
    }
    fetched();
}

# The number of fetched slices, once none has been for half a second.

sub fetched() {
    my ($fetched, $since) = (-1, time);
    wait_for('the source is left alone', sub {
        my $now = () = read_file("$state{home}/media.log") =~ /\n/g;
        ($fetched, $since) = ($now, time) if $now != $fetched;
        return time - $since > 0.5 });
    return $fetched;
}

# For --- init: stores a record and publishes the event, like a resolver.

sub publish() {
    my ($text, $generation) = @_;
    my ($record) = records($text);

    redis('SET', key("track:$record->{id}"),
          encoded({ %$record, generation => $generation }));
    redis('PUBLISH', key('events'), "$record->{id} $generation");
    # the event was sent first, so the worker reads it before /health
    ask('/health') for 1 .. 2;
}

# Changes the record of the default track by a function that modifies $_.

sub change() {
    my $change = shift;
    local $_ = redis('GET', key("track:$TRACK"));
    my $before = $_;

    $change->();
    $_ ne $before or die 'the record is as before';
    redis('SET', key("track:$TRACK"), $_);
}

# Stores records of so many tracks, and requests each.

sub many() {
    my ($record) = records($USUAL);

    for my $number (0 .. $_[0] - 1) {
        my $id = sprintf 'track%06d', $number;
        my $text = encoded({ %$record, id => $id,
            formats => [map { { %$_, representation =>
                $_->{representation} =~ s/^$TRACK/$id/r } }
                @{$record->{formats}}] });
        redis('SET', key("track:$id"), $text);
        ask("HEAD /cdn/stream/$id");
        redis('DEL', key("track:$id"));
    }
}

sub redis_goes() {
    delete $state{redis};
    kill 'KILL', $redis_pid;
    waitpid $redis_pid, 0;
    # its connections are closed, which the worker notices at once
    wait_for('nginx knows that', sub {
        HTTP::Tiny->new->get("http://127.0.0.1:$edge/health")->{content}
            =~ /"redis":\{"status":"failed"/ });
    $state{gone} = 1;
}

sub redis_comes() {
    start_redis();
    wait_for('nginx knows Redis', \&connected);
    delete $state{gone};
}

# Truncates a slice's file in the cache, or appends bytes to it.

sub damage() {
    my ($range, $more) = @_;
    my $done;

    for my $path (glob "$state{home}/cache/*/*/*") {
        my $text = read_file($path);
        next if $text !~ /^KEY: \S*\Q$range\E$/m;
        $more < 0 ? substr $text, $more, -$more, '' : ($text .= '?' x $more);
        write_file($path, $text);
        $done = 1;
    }
    $done or die "nothing is cached of $range";
}

sub reload() {
    chomp(my $master = read_file($Test::Nginx::Util::PidFile));
    my @old = children($master);

    kill 'HUP', $master;
    wait_for('the old workers end', sub {
        my %now = map { $_ => 1 } children($master);
        return %now && !grep { $now{$_} } @old });
    wait_for('the new worker knows Redis', \&connected);
}

sub change_configuration() {
    for my $each (map { [split / => /, $_, 2] } split /\n/, expand($_[0])) {
        my $changed;
        for my $path ($Test::Nginx::Util::ConfFile,
                      glob "$state{home}/conf/*.conf")
        {
            my $text = read_file($path);
            next if !($text =~ s/\Q$each->[0]\E/$each->[1]/g);
            write_file($path, $text);
            $state{egress} = $1 if $text =~ /voyo_egress (\S+);/;
            $changed = 1;
        }
        $changed or die "the configuration has no \"$each->[0]\"";
    }
}

sub reload_is_refused() {
    chomp(my $master = read_file($Test::Nginx::Util::PidFile));
    kill 'HUP', $master;
    wait_for('the configuration is refused', sub {
        read_file($Test::Nginx::Util::ErrLogFile) =~ /\[emerg\]/ });
}

sub children() {
    my $pid = shift;
    return split ' ', read_file("/proc/$pid/task/$pid/children");
}

# A resolver in its own process: it pops jobs, stores the block's records for
# them and publishes the events.

sub resolve() {
    my @records = records($_[0]);
    my $generation = int(1000 * time);

    $state{resolving} = fork() // die "fork: $!";
    return if $state{resolving};

    my $own = IO::Socket::UNIX->new(Peer => $redis) or POSIX::_exit(1);
    open my $log, '>>', "$state{home}/asked.log";
    $log->autoflush(1);
    while (1) {
        my $job = eval { command($own, 'BZPOPMIN', key('jobs:play'),
                                 key('jobs:prefetch'), 0) };
        POSIX::_exit(0) if !$job || getppid() == 1;
        my ($lane, $id) = ($job->[0] =~ s/.*jobs://r, $job->[1]);
        print $log "$lane $id\n";
        my ($found) = grep { $records[$_]{id} eq $id } 0 .. $#records;
        next if !defined $found;
        my ($record) = splice @records, $found, 1;
        sleep $record->{after} if $record->{after};
        $record->{generation} //= ++$generation;
        command($own, 'SET', key("track:$id"), encoded($record));
        command($own, 'PUBLISH', key('events'), "$id $record->{generation}");
    }
}


# Checks for every block.

add_response_body_check(sub {
    my ($block, $body, $index) = @_;
    if (defined $body && $body =~ /$SECRET/) {
        fail($block->name . " - a signed URL in the answer $index");
    }
    if (defined $state{cut}) {
        ok(length $body >= $block->cut && length $body < length $state{cut}
           && $body eq substr($state{cut}, 0, length $body),
           $block->name . ' - a right prefix, ' . length($body) . ' bytes');
    }
});

# prove closes its end if a suite ends early
$SIG{PIPE} = 'IGNORE';

$SIG{__WARN__} = sub {
    if ($_[0] =~ /response body truncated/) {
        $state{truncated} = 1;
        return;
    }
    warn $_[0];
};

add_test_cleanup_handler(sub {
    my $block = shift;
    my $name = $block->name;

    if ($state{resolving}) {
        kill 'KILL', $state{resolving};
        waitpid $state{resolving}, 0;
    }

    is($state{truncated} // 0, defined $block->cut ? 1 : 0,
       "$name - the body is " . (defined $block->cut ? 'cut' : 'whole'))
        if !defined $block->must_die;
    compare($block, 'fetched', 'media.log', sub {
        s/ bytes=(\S+)$/ $1/r =~ s/ -$//r });
    compare($block, 'asked', 'asked.log', sub { $_ });
    compare($block, 'logged', 'access.log', sub {
        s/("\w*time\w*"):"?[\dT:.+-]+"?/$1:*/g;
        s/("request"):"[0-9a-f]{32}"/$1:*/;
        s/^\S+ (\[info\] access:.*\brequest) [0-9a-f]{32}/* $1 */
            && s/ in [\d.]+ s\b/ in * s/g;
        $_ });
    start_redis() if $state{gone};
    close $state{listener} if $state{listener};
    @held = ();
    quit($name);
    is(provoked($block), '', "$name - the logs say what they should");
});

# Test::Nginx would stop it at the next block, and poll every 50 ms.

sub quit() {
    my $name = shift;
    my $file = $Test::Nginx::Util::PidFile;

    return if !-e $file;
    chomp(my $master = read_file($file));
    kill 'QUIT', $master;
    wait_for("$name: nginx ends", sub {
        !Test::Nginx::Util::is_running($master) });
    unlink $file;
}

sub compare() {
    my ($block, $section, $file, $form) = @_;
    return if !defined $block->$section;

    my $expected = join "\n", sort map {
        s/^slices // ? map { slice($_) } split ' ' : $_
    } split /\n/, $block->$section;
    my $read = sub { join "\n", sort map { $form->() } split /\n/,
                     -e "$state{home}/$file" ? read_file("$state{home}/$file")
                                             : '' };
    # the other side writes it after the request has ended
    my $end = time + 3;
    while ($read->() ne $expected && time < $end) {
        sleep 0.01;
    }
    is($read->(), $expected, $block->name . " - $section");
}

sub slice() {
    my $first = $_[0] * $SLICE;
    my $last = $first + $SLICE - 1;
    return "/140 $first-" . ($last < $SIZE ? $last : $SIZE - 1);
}

sub provoked() {
    my $block = shift;
    my $meant = $block->error_log // '';
    my @meant = ref $meant ? (ref $meant eq 'ARRAY' ? @$meant : $meant)
                           : split /\n/, $meant;
    my @says = split /\n/, $block->says // '';
    my @bad;

    for my $file ($Test::Nginx::Util::ErrLogFile, "$state{home}/access.log") {
        next if !-e $file;
        for (split /\n/, read_file($file)) {
            my $line = $_;
            push @bad, "a signed URL: $line" if /$SECRET/;
            push @bad, $line if /\[(error|alert|crit|emerg)\]/
                && !grep { ref $_ ? $line =~ $_ : index($line, $_) >= 0 }
                    @meant, @says;
        }
    }
    my $log = -e $Test::Nginx::Util::ErrLogFile
              ? read_file($Test::Nginx::Util::ErrLogFile) : '';
    push @bad, map { "it is not said: $_" } grep { index($log, $_) < 0 } @says;
    return join "\n", @bad;
}

END {
    if ($redis_pid && !$Test::Nginx::Util::InSubprocess) {
        local $?;
        kill 'TERM', $redis_pid;
        waitpid $redis_pid, 0;
    }
}


# Bytes that contain their offset: lines of 16, "00001024 140...\n".

sub content() {
    my ($itag, $first, $last) = @_;
    my $text = join '', map { sprintf "%08d %06s\n", 16 * $_, $itag }
               int($first / 16) .. int($last / 16);
    return substr $text, $first % 16, $last - $first + 1;
}

# A fragmented MP4 of 3584 bytes like YouTube's, with these durations in its
# header (docs/upstream.md, V1).

sub dash() {
    my $units = shift;
    my $box = sub {
        my $type = shift;
        my $content = join '', @_;
        return pack('N', 8 + length $content) . $type . $content;
    };
    my $full = pack 'N', 0;
    my $times = pack 'NN', 1, 2;

    my $file = $box->('ftyp', 'dash', $full, 'iso6mp41') . $box->('moov',
        $box->('mvhd', $full, $times, pack('NN', 44100, $units), 'm' x 80),
        $box->('mvex', $box->('mehd', $full, pack 'N', 9999999),
                       $box->('trex', $full, pack 'N5', 1, 1, 1024, 0, 0)),
        $box->('trak',
            $box->('tkhd', $full, $times, pack('NNN', 1, 0, $units), 't' x 60),
            $box->('mdia',
                $box->('mdhd', $full, $times, pack('NN', 44100, $units),
                       pack 'N', 0),
                $box->('hdlr', $full, $full, 'soun', "\0" x 13),
                $box->('minf', $box->('stbl',
                    $box->('stsd', $full, $full), $box->('stts', $full, $full),
                    $box->('stsc', $full, $full),
                    $box->('stsz', $full, $full, $full),
                    $box->('stco', $full, $full))))));
    return $file . substr content(140, 0, $SIZE - 1), length $file;
}

sub body_of() {
    my $line = shift;

    return '' if $line eq 'none';
    return qr/./ if $line eq 'any';
    $line =~ /^(?:(\d+) )?(\d+)-(\d*)$/ or die "bytes \"$line\"";
    my $itag = $1 // 140;
    return content($itag, $2, $3 eq '' ? $state{sizes}{$itag} - 1 : $3);
}

# Blocks from a template, with {name} from each line of "rows": columns are
# separated by " | " and named by the first line; "\n" in a cell is a line break.
# They follow the blocks of __DATA__.

our $spec;

sub table() {
    my ($form, $rows) = @_;
    my ($names, @rows) = grep { /\S/ && !/^#/ } split /\n/, $rows;
    my @names = cells($names);

    $spec //= do { local $/; no warnings; <main::DATA> } // '';
    my $number = () = $spec =~ /^=== /mg;

    for (@rows) {
        my @values = cells($_);
        @values <= @names or die "too many columns: $_";
        my %row = map { ($names[$_] => $values[$_] // '') } 0 .. $#names;
        $number++;
        my $block = "=== TEST $number: $form\n";
        $block =~ s/\{(\w+)\}/$row{$1} \/\/ die "no column $1"/eg;
        # a section in one line with an empty value is omitted
        $block =~ s/^--- \w+: *\n//gm;
        $spec .= $block;
    }
    Test::Base::spec_string($spec);
}

sub cells() {
    return map { s/^\s+|\s+$//g; s/\\n/\n/g; $_ } split /\|/, $_[0];
}


sub wait_for() {
    my ($about, $what) = @_;
    my $end = time + 20;

    while (!$what->()) {
        time < $end or die "not within 20 s: $about";
        sleep 0.002;
    }
}

sub read_file() {
    open my $in, '<:raw', $_[0] or die "$_[0]: $!";
    local $/;
    return scalar <$in>;
}

sub write_file() {
    open my $out, '>:raw', $_[0] or die "$_[0]: $!";
    print $out $_[1];
    close $out or die "$_[0]: $!";
}

1;
