"""Reverse proxies of Debian in front of VOYO, each with the fewest lines.

Each runs in the foreground, with a configuration of its own, as the user of
the tests, on free ports: HTTP/1.1, and where it speaks it HTTP/2 with TLS.
"""

import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from stack import free_port, wait_for

# @H1@ and @H2@: ports; @UP@: VOYO's; @HOME@: a directory; @PEM@: certificate
# and key in one file, @CERT@ and @KEY@: the two

NGINX = '''
daemon off;
user root;
pid @HOME@/pid;
error_log stderr warn;
events { worker_connections 1024; }
http {
    access_log off;
    client_body_temp_path @HOME@/body;
    proxy_temp_path @HOME@/proxy;
    fastcgi_temp_path @HOME@/fastcgi;
    uwsgi_temp_path @HOME@/uwsgi;
    scgi_temp_path @HOME@/scgi;
    server {
        listen 127.0.0.1:@H1@;
        listen 127.0.0.1:@H2@ ssl http2;
        ssl_certificate @CERT@;
        ssl_certificate_key @KEY@;
        location / {
            proxy_pass http://127.0.0.1:@UP@;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }
    }
}
'''

HAPROXY = '''
defaults
    mode http
    timeout connect 5s
    timeout client 50s
    timeout server 50s
frontend voyo
    bind 127.0.0.1:@H1@
    bind 127.0.0.1:@H2@ ssl crt @PEM@ alpn h2,http/1.1
    default_backend voyo
backend voyo
    server voyo 127.0.0.1:@UP@
'''

CADDY = '''
{
    admin off
    auto_https off
    storage file_system @HOME@/caddy
}
http://127.0.0.1:@H1@ {
    bind 127.0.0.1
    reverse_proxy 127.0.0.1:@UP@
}
https://127.0.0.1:@H2@ {
    bind 127.0.0.1
    tls @CERT@ @KEY@
    reverse_proxy 127.0.0.1:@UP@
}
'''

APACHE = '''
ServerRoot @HOME@
ServerName localhost
PidFile @HOME@/pid
ErrorLog @HOME@/error.log
DefaultRuntimeDir @HOME@
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
LoadModule socache_shmcb_module /usr/lib/apache2/modules/mod_socache_shmcb.so
LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
LoadModule http2_module /usr/lib/apache2/modules/mod_http2.so
Listen 127.0.0.1:@H1@
Listen 127.0.0.1:@H2@
Protocols h2 http/1.1
ProxyPass / http://127.0.0.1:@UP@/
<VirtualHost 127.0.0.1:@H1@>
</VirtualHost>
<VirtualHost 127.0.0.1:@H2@>
    SSLEngine on
    SSLCertificateFile @CERT@
    SSLCertificateKeyFile @KEY@
</VirtualHost>
'''

LIGHTTPD = '''
server.modules = ("mod_openssl", "mod_proxy")
server.document-root = "@HOME@"
server.bind = "127.0.0.1"
server.port = @H1@
server.upload-dirs = ("@HOME@")
$SERVER["socket"] == "127.0.0.1:@H2@" {
    ssl.engine = "enable"
    ssl.pemfile = "@PEM@"
}
server.stream-response-body = 2
proxy.server = ("" => (("host" => "127.0.0.1", "port" => @UP@)))
'''

H2O = '''
listen:
  host: 127.0.0.1
  port: @H1@
listen:
  host: 127.0.0.1
  port: @H2@
  ssl:
    certificate-file: @CERT@
    key-file: @KEY@
hosts:
  default:
    paths:
      /:
        proxy.reverse.url: http://127.0.0.1:@UP@/
'''

VARNISH = '''
vcl 4.1;
backend default { .host = "127.0.0.1"; .port = "@UP@"; }
sub vcl_recv { if (req.url ~ "^/cdn/stream/") { return (pipe); } }
'''


@dataclass
class Kind:
    program: str
    text: str                # of its configuration
    arguments: list[str]     # @CONF@: its file
    h2: bool = True
    # it ends an HTTP/2 body that was cut as if it were whole (P1)
    orderly: bool = False


KINDS = {
    'nginx': Kind('nginx', NGINX,
                  ['-p', '@HOME@', '-e', 'stderr', '-c', '@CONF@']),
    'haproxy': Kind('haproxy', HAPROXY, ['-db', '-f', '@CONF@'],
                    orderly=True),
    'caddy': Kind('caddy', CADDY, ['run', '--adapter', 'caddyfile',
                                   '--config', '@CONF@'], orderly=True),
    'apache': Kind('apache2', APACHE, ['-D', 'FOREGROUND', '-f', '@CONF@']),
    'lighttpd': Kind('lighttpd', LIGHTTPD, ['-D', '-f', '@CONF@'],
                     orderly=True),
    'h2o': Kind('h2o', H2O, ['-m', 'worker', '-c', '@CONF@']),
    'varnish': Kind('varnishd', VARNISH,
                    ['-F', '-j', 'none', '-n', '@HOME@/varnish', '-a',
                     '127.0.0.1:@H1@', '-f', '@CONF@'],
                    h2=False),
    'nghttpx': Kind('nghttpx', '', [
        '--conf=/dev/null', '--frontend=127.0.0.1,@H1@;no-tls',
        '--frontend=127.0.0.1,@H2@', '--backend=127.0.0.1,@UP@', '@KEY@',
        '@CERT@', '--workers=1', '--errorlog-file=/dev/stderr']),
}


def program(name: str) -> str | None:
    return shutil.which(KINDS[name].program,
                        path='/usr/sbin:/usr/bin:/sbin:/bin')


class Front:
    """One proxy in front of a port; "source" has server.pem and its key."""

    def __init__(self, name: str, home: Path, port: int, source: Path,
                 text: str = '') -> None:
        kind = KINDS[name]
        self.name, self.orderly, self.h2 = name, kind.orderly, kind.h2
        self.h1_port, self.h2_port = free_port(), free_port()
        home.mkdir(parents=True)
        pem = home / 'both.pem'
        pem.write_text((source / 'server.pem').read_text()
                       + (source / 'server.key').read_text())
        conf = home / 'conf'
        values = {'H1': self.h1_port, 'H2': self.h2_port, 'UP': port,
                  'HOME': home, 'CONF': conf, 'PEM': pem,
                  'CERT': source / 'server.pem',
                  'KEY': source / 'server.key'}

        def put(line: str) -> str:
            for key, value in values.items():
                line = line.replace(f'@{key}@', str(value))
            return line

        conf.write_text(put(text or kind.text))
        self.log = home / 'log'
        with self.log.open('wb') as log:
            self.process = subprocess.Popen(
                [str(program(name)), *map(put, kind.arguments)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=home,
                env={'PATH': '/usr/sbin:/usr/bin:/sbin:/bin',
                     'HOME': str(home)})
        try:
            wait_for(self._listens, f'{name} listens', 20)
        except BaseException:
            self.stop()
            raise

    def _listens(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(self.log.read_text())
        for port in (self.h1_port, *((self.h2_port,) if self.h2 else ())):
            with socket.socket() as probe:
                if probe.connect_ex(('127.0.0.1', port)):
                    return False
        return True

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
