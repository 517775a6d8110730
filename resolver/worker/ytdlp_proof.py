"""Tests a new media URL by fetching one byte (docs/upstream.md, G2, G3).

Requests are like those of nginx's origin, under the same rules for hosts:
voyo_media_hosts (docs/directives.md) applies to the URL, to each redirect, and
to the address that is connected to.
"""

import http.client
import ipaddress
import re
import socket
import ssl
from urllib.parse import urljoin

HOPS = 4                # redirects that are followed
SILENCE = 1             # seconds without data from a media host

REDIRECTS = (301, 302, 303, 307, 308)
PORTS = {'http': 80, 'https': 443}

# Printable ASCII, no fragment, no user: urllib would drop a tab from a host.

URL = re.compile(
    r'(https?)://((?:\[([0-9a-f:.]+)\]|([0-9a-z.-]{1,253}))(?::([0-9]{1,5}))?)'
    r'(/[!-"$-~]*)', re.ASCII | re.IGNORECASE)

# RFC 6890: not globally reachable; multicast and reserved at the end.  The same
# list as in the origin; Python's is_global differs between versions.

PRIVATE = [ipaddress.IPv4Network(net) for net in (
    '0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8',
    '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24', '192.168.0.0/16',
    '198.18.0.0/15', '224.0.0.0/3')]

# Global unicast (RFC 4291, section 2.4), except Teredo and 6to4, which contain
# an IPv4 address that may be private.

GLOBAL6 = ipaddress.IPv6Network('2000::/3')
PRIVATE6 = [ipaddress.IPv6Network(net) for net in ('2001::/32', '2002::/16')]


class Refused(ValueError):
    """A URL that may not be fetched."""


class Url:
    def __init__(self, text):
        found = URL.fullmatch(text)
        if not found:
            raise Refused('not a URL of a media host')
        scheme, self.host, address, name, port, self.path = found.groups()
        self.scheme = scheme.lower()
        self.name = (address or name).lower()
        self.port = int(port or PORTS[self.scheme])

    def origin(self):
        return self.scheme, self.name, self.port

    def allowed_by(self, entry):
        if '://' in entry:
            return self.origin() == Url(f'{entry}/').origin()
        if (self.scheme, self.port) != ('https', 443):
            return False
        # ".example.com" is a suffix, "example.com" a whole name
        if entry.startswith('.'):
            return len(self.name) > len(entry) > 1 \
                and self.name.endswith(entry.lower())
        return self.name == entry.lower()


class Prover:
    """Reaches media hosts according to yt-dlp's options, without a proxy."""

    def __init__(self, params):
        self.source = params.get('source_address')
        self.tls = ssl.create_default_context()
        if params.get('nocheckcertificate'):
            self.tls.check_hostname = False
            self.tls.verify_mode = ssl.CERT_NONE
        elif 'no-certifi' not in (params.get('compat_opts') or ()):
            try:
                import certifi
                self.tls.load_verify_locations(certifi.where())
            except (ImportError, OSError):
                pass            # yt-dlp cannot use it either

    def prove(self, text, at, agent, hosts):
        """The HTTP status for the byte "at", after redirects; 0: none.

        Errors are raised.
        """

        headers = {'Range': f'bytes={at}-{at}', 'Accept': '*/*'}
        if agent:
            headers['User-Agent'] = agent
        for _ in range(HOPS + 1):
            status, location = self._ask(Url(text), headers, hosts)
            if status not in REDIRECTS or location is None:
                return status
            # checked before urljoin(), which would repair it
            if not re.fullmatch('[!-~]+', location):
                raise Refused('not a URL to be redirected to')
            text = urljoin(text, location)
        return 0

    def _ask(self, url, headers, hosts):
        with self._connect(url, hosts) as connection:
            client = http.client.HTTPConnection(url.name, url.port)
            client.sock = connection
            client.request('GET', url.path,
                           headers={'Host': url.host, **headers})
            with client.getresponse() as response:
                if response.status == 206 and not response.read(1):
                    raise http.client.IncompleteRead(b'', 1)
                return response.status, response.getheader('Location')

    def _connect(self, url, hosts):
        entry = next((each for each in hosts if url.allowed_by(each)), None)
        if entry is None:
            raise Refused('a host that is not allowed')
        connection = self._connect_to(self._addresses(url, '://' in entry))
        if url.scheme == 'https':
            return self.tls.wrap_socket(connection, server_hostname=url.name)
        return connection

    def _addresses(self, url, listed):
        """The addresses in DNS that may be connected to."""

        family = socket.AF_UNSPEC
        if self.source:         # a URL is bound to a family too (G7)
            family = socket.AF_INET6 if ':' in self.source else socket.AF_INET
        found = [address[:2] for *_, address in socket.getaddrinfo(
            url.name, url.port, family, socket.SOCK_STREAM)]
        return [address for address in found
                if listed or is_global(address[0])]

    def _connect_to(self, addresses):
        failed = Refused('no address that is allowed')
        for address in addresses:
            try:
                # numeric, so nothing is looked up again
                return socket.create_connection(
                    address, SILENCE, self.source and (self.source, 0))
            except OSError as error:
                failed = error
        raise failed


def is_global(text):
    address = ipaddress.ip_address(text)
    if address.version == 6:
        if address.ipv4_mapped is None:
            return address in GLOBAL6 \
                and not any(address in net for net in PRIVATE6)
        address = address.ipv4_mapped
    return not any(address in net for net in PRIVATE)
