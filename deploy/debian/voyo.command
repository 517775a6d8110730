#!/bin/sh

# voyo(1).  The service is started by its unit, not by a word less.

[ $# -gt 0 ] || set -- --help
exec /usr/lib/voyo/deploy/voyo "$@"
