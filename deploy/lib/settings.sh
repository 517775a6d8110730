# The settings, from the environment: sourced by deploy/voyo.
#
# Values are validated before use, since most of them end up in nginx's
# configuration, where a stray quote or semicolon would be code.  The resolver
# validates its own settings, see check_resolver_settings().


# Trusted to set X-Forwarded-For: this machine, and on Railway its proxies.

trusted_proxies='127.0.0.0/8 ::1'
private_networks='127.0.0.0/8 ::1 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7'
[ -z "${RAILWAY_ENVIRONMENT_ID-}${RAILWAY_ENVIRONMENT-}" ] \
    || trusted_proxies+=' 100.64.0.0/10 fd00::/8'


# The public thumbnail of a track.

art_url='https://i.ytimg.com/vi/{id}/hqdefault.jpg'


read_settings()
{
    : "${PORT:=8080}" "${REDIS_URL=}" "${YT_DLP_PATH=}"
    : "${VOYO_YTDLP_CONF=}" "${VOYO_SOURCE_ADDRESS=}" "${VOYO_APP_URL=}"
    : "${VOYO_NGINX_DIR=}" "${VOYO_LOG_FORMAT:=text}" "${VOYO_LOG_SAMPLE:=100}"
    : "${VOYO_MEDIA_HOSTS:=.googlevideo.com}"
    : "${VOYO_CODEC:=aac}" "${VOYO_QUALITY_TOLERANCE:=10}"
    : "${VOYO_CACHE_SIZE=}" "${VOYO_CACHE_MIN_FREE=}" "${VOYO_ZONE_SIZE:=32m}" "${VOYO_HOME:=$root/var}"
    : "${VOYO_EGRESS:=default}" "${VOYO_CORS_ORIGINS:=*}"
    : "${VOYO_RESOLVE_TIMEOUT:=15s}" "${VOYO_DEMO:=0}" "${NGINX_WORKERS:=}"
    : "${VOYO_DEMO_TRACKS=}" "${VOYO_LOG_LEVEL:=warn}" "${VOYO_ACCESS_LOG:=1}"
    : "${VOYO_STOP_TIMEOUT:=10}" "${VOYO_AHEAD:=4}" "${VOYO_COLD_RATE:=60}"
    : "${VOYO_FETCH_RATE:=5}" "${VOYO_RETRY_TIMEOUT:=6}"
    : "${VOYO_ART_URL:=$art_url}"
    : "${VOYO_TRUSTED_PROXIES=$trusted_proxies}"
    : "${VOYO_STATUS_ALLOW=$private_networks}" "${VOYO_LOG_CLIENT:=address}"
    : "${VOYO_MP4_HEADER:=1}" "${VOYO_REDIS_WAIT:=60}"
    : "${VOYO_YTDLP_UPDATE:=never}"

    number PORT 1 65535
    number VOYO_STOP_TIMEOUT 0 3600
    number VOYO_REDIS_WAIT 0 3600
    number VOYO_AHEAD 0 16
    number VOYO_COLD_RATE 0 100000
    number VOYO_FETCH_RATE 0 10000
    number VOYO_LOG_SAMPLE 0 100
    number VOYO_RETRY_TIMEOUT 0 30
    [ -z "$NGINX_WORKERS" ] || number NGINX_WORKERS 1 512

    one_of VOYO_CODEC aac opus
    one_of VOYO_DEMO 0 1
    one_of VOYO_YTDLP_UPDATE never daily
    one_of VOYO_ACCESS_LOG 0 1
    one_of VOYO_LOG_CLIENT address hash none
    one_of VOYO_MP4_HEADER 0 1
    one_of VOYO_LOG_LEVEL debug info notice warn error crit

    matches VOYO_ZONE_SIZE '[1-9][0-9]{0,5}[mM]' 'megabytes, like 32m'
    [ -z "$VOYO_CACHE_SIZE" ] \
        || matches VOYO_CACHE_SIZE '[1-9][0-9]{0,5}[mMgG]' 'a size, like 1g'
    [ -z "$VOYO_CACHE_MIN_FREE" ] \
        || matches VOYO_CACHE_MIN_FREE '[1-9][0-9]{0,5}[mMgG]' 'a size, like 64m'

    read_addresses
    read_origins
    read_paths
    read_redis

    # media URLs are bound to address and family (docs/upstream.md, G7), so
    # yt-dlp has to use the same as nginx
    resolver_source=${VOYO_SOURCE_ADDRESS:-0.0.0.0}

    export REDIS_URL YT_DLP_PATH VOYO_YTDLP_CONF VOYO_SOURCE_ADDRESS \
        VOYO_MEDIA_HOSTS VOYO_EGRESS VOYO_QUALITY_TOLERANCE \
        VOYO_RESOLVE_TIMEOUT
}


# A variable that nothing reads is a misspelt one.

warn_of_unknown_settings()
{
    local name known

    known=$({ cat "$here/lib/settings.sh"; "$resolver" --help; } \
            | grep -o 'VOYO_[A-Z0-9_]*')

    for name in $(compgen -e VOYO_); do
        grep -qx "$name" <<< "$known" \
            || say "warning: nothing reads $name, there is" \
                   "$(nearest "$name" <<< "$known")"
    done
}


# The line that differs from "$1" in the fewest letters.

nearest()
{
    awk -v word="$1" '
        function least(a, b, c) { a = a < b ? a : b; return a < c ? a : c }

        {
            for (j = 0; j <= length(word); j++)
                row[j] = j

            for (i = 1; i <= length($0); i++) {
                before = row[0]
                row[0] = i

                for (j = 1; j <= length(word); j++) {
                    change = before + (substr($0, i, 1) != substr(word, j, 1))
                    before = row[j]
                    row[j] = least(change, row[j] + 1, row[j - 1] + 1)
                }
            }

            if (NR == 1 || row[length(word)] < best) {
                best = row[length(word)]
                found = $0
            }
        }

        END { print found }'
}


# Has to run before any of these settings is used.

check_resolver_settings()
{
    local said

    said=$(run_resolver --settings 2>&1) || fail 2 "${said#*resolver: }"
}


# An error repeats the value only if it is short and printable, since it could
# be a secret or garble a terminal.

wrong()
{
    local name=$1 value=${!1}

    shift
    [[ $value =~ ^[[:graph:]\ ]{0,80}$ ]] || value='...'
    fail 2 "$name=\"$value\" is wrong: it must be $*"
}


number()
{
    [[ ${!1} =~ ^[0-9]{1,6}$ ]] && [ "$((10#${!1}))" -ge "$2" ] \
        && [ "$((10#${!1}))" -le "$3" ] \
        || wrong "$1" "a number from $2 to $3"
    printf -v "$1" %d "$((10#${!1}))"
}


one_of()
{
    local name=$1 choices each

    shift
    choices=$(printf ' or %s' "$@")
    for each; do
        [ "${!name}" != "$each" ] || return 0
    done

    wrong "$name" "${choices# or }"
}


matches()
{
    [[ ${!1} =~ ^($2)$ ]] || wrong "$1" "$3"
}


is_ipv4()
{
    local byte='(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])'

    [[ $1 =~ ^$byte\.$byte\.$byte\.$byte$ ]]
}


is_ipv6()
{
    [[ $1 =~ ^[0-9a-fA-F:]+(:[0-9.]+)?$ && $1 == *:*:* ]]
}


is_network()
{
    local bits=${1#*/}

    [ "$bits" != "$1" ] || bits=0
    [[ $bits =~ ^[0-9]{1,3}$ ]] || return 1

    { is_ipv4 "${1%/*}" && [ "$((10#$bits))" -le 32 ]; } \
        || { is_ipv6 "${1%/*}" && [ "$((10#$bits))" -le 128 ]; }
}


host='(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)'
port='(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5]?[0-9]{1,4})'
origin="https?://$host(:$port)?"


read_hosts()
{
    local each

    set -f
    for each in ${!1}; do
        [[ $each =~ ^(\.?$host|$origin)$ ]] \
            || wrong "$1" "hosts like .googlevideo.com, or origins like" \
                     "http://127.0.0.1:8081, separated by spaces"
    done
    set +f

    [[ ${!1} =~ [^[:space:]] ]] || wrong "$1" "at least one host"
    [ "${!1}" = "${!1//[$'\n\r\t']/}" ] || wrong "$1" "on one line"
}


read_addresses()
{
    local each name

    read_hosts VOYO_MEDIA_HOSTS
    matches VOYO_ART_URL "$origin/[A-Za-z0-9._~/?&=%-]*\{id\}[A-Za-z0-9._~/?&=%-]*" \
        "an address with {id} in it, like https://i.ytimg.com/vi/{id}/0.jpg"

    set -f
    for name in VOYO_TRUSTED_PROXIES VOYO_STATUS_ALLOW; do
        for each in ${!name}; do
            is_network "$each" \
                || wrong "$name" "addresses or networks like" \
                         "10.0.0.0/8, separated by spaces"
        done
    done
    set +f

    [ -z "$VOYO_APP_URL" ] \
        || matches VOYO_APP_URL "$origin/?" \
                   "an origin without a path, like http://127.0.0.1:3000"
    VOYO_APP_URL=${VOYO_APP_URL%/}
}


read_origins()
{
    local each

    set -f
    for each in ${VOYO_CORS_ORIGINS//,/ }; do
        [ "$VOYO_CORS_ORIGINS" = '*' ] || [[ $each =~ ^$origin$ ]] \
            || wrong VOYO_CORS_ORIGINS "* or origins like" \
                     "https://app.example, separated by spaces"
    done
    set +f
}


# Paths are written to nginx's configuration as they are, and the path of a unix
# socket is limited to 107 bytes.

read_paths()
{
    local about='a path of letters, digits and -._/+'

    mkdir -p "$VOYO_HOME" 2> /dev/null \
        || wrong VOYO_HOME "a writable directory"

    home=$(cd "$VOYO_HOME" && pwd -P)
    [[ $home =~ ^[A-Za-z0-9._/+-]+$ ]] || wrong VOYO_HOME "$about"
    [ "${#home}" -le 90 ] || wrong VOYO_HOME "at most 90 characters long"
    [[ $root =~ ^[A-Za-z0-9._/+-]+$ ]] \
        || fail 1 "VOYO is in \"$root\": move it to $about"

    : "${VOYO_CA_FILE:=$(ca_file)}"
    matches VOYO_CA_FILE '/[A-Za-z0-9._/+-]+' "$about"
    grep -qs '^-----BEGIN .*CERTIFICATE' "$VOYO_CA_FILE" \
        || wrong VOYO_CA_FILE "a file of CA certificates"

    [ -z "$VOYO_NGINX_DIR" ] || read_nginx_dir

    VOYO_YTDLP_CONF=$(absolute VOYO_YTDLP_CONF)
    VOYO_DEMO_TRACKS=$(absolute VOYO_DEMO_TRACKS)
}


read_nginx_dir()
{
    [ -d "$VOYO_NGINX_DIR" ] && [ -r "$VOYO_NGINX_DIR" ] \
        || wrong VOYO_NGINX_DIR "a readable directory"
    VOYO_NGINX_DIR=$(readlink -f "$VOYO_NGINX_DIR")
    matches VOYO_NGINX_DIR '/[A-Za-z0-9._/+-]+' "$about"
}


ca_file()
{
    local file=/etc/ssl/certs/ca-certificates.crt

    [ -r "$file" ] \
        || fail 1 "no file $file to verify media hosts with: install" \
                  "ca-certificates, or set VOYO_CA_FILE"
    echo "$file"
}


absolute()
{
    [ -n "${!1}" ] || return 0
    [ -r "${!1}" ] && [ -f "${!1}" ] || wrong "$1" "a readable file"
    readlink -f "${!1}"
}


# The resolver validates the URL; this only ensures that it cannot end its quotes
# in nginx's configuration.  It may contain a password, so it is never shown.

read_redis()
{
    [ -n "$REDIS_URL" ] || return 0

    # "]" comes first, or it would end the set
    local form='^(rediss?://|unix:)[]A-Za-z0-9._~:/?@%&=+,!*[-]+$'

    [[ $REDIS_URL =~ $form ]] \
        || fail 2 "REDIS_URL is wrong: it must be redis://, rediss:// or" \
                  "unix:, with percent-encoding for special characters"
}
