package VOYO;

# What all t/*.t have in common: the module is loaded, a zone and an address
# of Redis are set unless a block has them itself, ports and directories are
# their own, and no block logs an [alert], [crit] or [emerg], or an [error]
# that it did not provoke.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use IO::Socket::INET;

my ($root, $module);

BEGIN {
    my $probe = IO::Socket::INET->new(
        LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 1)
        or die "no free port: $!";

    $root = abs_path(dirname(__FILE__) . '/../..');
    $module = $ENV{VOYO_MODULE} // "$root/build/nginx/ngx_voyo_module.so";

    $ENV{TEST_NGINX_BINARY} ||= $ENV{VOYO_NGINX} || '/usr/sbin/nginx';
    $ENV{TEST_NGINX_PORT} = $probe->sockport;
    $ENV{TEST_NGINX_SERVROOT} = tempdir('voyo-servroot-XXXXXX',
                                        TMPDIR => 1, CLEANUP => 1);
    chmod 0755, $ENV{TEST_NGINX_SERVROOT};
    $ENV{TEST_NGINX_NO_SHUFFLE} = 1;
}

use Test::Nginx::Socket -Base;

our @EXPORT = @Test::Nginx::Socket::EXPORT;

add_block_preprocessor(sub {
    my $block = shift;

    if ($module ne '') {
        $block->set_value('main_config', "load_module $module;\n"
                          . ($block->main_config // ''));
    }

    my $http = $block->http_config // '';

    if (defined $block->bare) {
        # nothing is set for it

    } else {
        $http = "voyo_zone voyo:1m;\n$http" if $http !~ /voyo_zone/;
        $http = "voyo_redis unix:/nowhere/redis.sock;\n$http"
            if $http !~ /voyo_redis/;
    }

    $block->set_value('http_config', $http);

    if (!defined $block->config) {
        $block->set_value('config', '');
    }

    if (defined $block->must_die) {
        return;
    }

    if (!defined $block->request) {
        $block->set_value('request', 'GET /t');
    }

    if (!defined $block->no_error_log && !defined $block->error_log) {
        $block->set_value('no_error_log',
                          "[alert]\n[crit]\n[emerg]\n[error]\n");
    }
});

1;
