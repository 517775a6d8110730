# Renders conf/ to $conf, which is VOYO_HOME/conf: sourced by deploy/voyo.


# Files are replaced atomically, so a reload never reads an incomplete one.

render()
{
    local file name
    declare -A value

    set_values

    for file in "$root"/conf/nginx.conf.in "$root"/conf/voyo_*.conf; do
        name=${file##*/}
        name=$conf/${name%.in}
        fill "$file" > "$name.new"
        mv "$name.new" "$name"
    done
}


fill()
{
    local text name done=

    text=$(< "$1")

    while [[ $text =~ @([A-Z0-9_]+)@ ]]; do
        name=${BASH_REMATCH[1]}
        [ -v "value[$name]" ] \
            || fail 1 "$1 contains @$name@, which has no value"
        done+=${text%%"@$name@"*}${value[$name]}
        text=${text#*"@$name@"}
    done

    printf '%s\n' "$done$text"
}


set_values()
{
    local nofile workers=${NGINX_WORKERS:-$(cores)}
    local cache=${VOYO_CACHE_SIZE:-$(cache_megabytes "$home")m}

    nofile=$(ulimit -Hn)
    [ "$nofile" != unlimited ] || nofile=1048576

    value=(
        [MODULE]=$module
        [USER]="user $user;"
        [HOME]=$home
        [CONF]=$conf
        [SCRATCH]=$scratch
        [LOG_LEVEL]=$VOYO_LOG_LEVEL
        [WORKERS]=$workers
        [NOFILE]=$nofile
        [CONNECTIONS]=$(connections "$nofile" $(($(memory) / workers)))
        [ACCESS_LOG]=$(access_log)
        [ZONE_SIZE]=$VOYO_ZONE_SIZE
        [REDIS_URL]="\"$(redis_url)\""
        [EGRESS]=$VOYO_EGRESS
        [CODEC]=$VOYO_CODEC
        [QUALITY_TOLERANCE]=$VOYO_QUALITY_TOLERANCE
        [MP4_HEADER]=$([ "$VOYO_MP4_HEADER" = 0 ] && echo off || echo on)
        [MEDIA_HOSTS]=$VOYO_MEDIA_HOSTS
        [RESOLVE_TIMEOUT]=$VOYO_RESOLVE_TIMEOUT
        [RETRY_TIMEOUT]=${VOYO_RETRY_TIMEOUT}s
        [AHEAD]=$VOYO_AHEAD
        [ART_URL]=${VOYO_ART_URL//'{id}'/'${voyo_id_track}'}
        [FAMILY]=$(family)
        [LIMIT_ZONE]=$(limit_zone_lines)
        [LIMIT]=$(limit_lines)
        [FETCH_ZONE]=$(fetch_zone_lines)
        [FETCH]=$(fetch_lines)
        [REAL_IP]=$(real_ip_lines)
        [RESOLVER]=$(resolver_lines "$(ipv6_there && echo on || echo off)")
        [CACHE_SIZE]=$cache
        [CACHE_KEYS]=$(cache_keys "$cache")
        [CACHE_MIN_FREE]=${VOYO_CACHE_MIN_FREE:-$(min_free "$cache")}
        [CORS_KEY]=$(cors_key)
        [CORS_ORIGINS]=$(cors_lines)
        [STATUS_ALLOW]=$(networks "$VOYO_STATUS_ALLOW")
        [TRUSTED]=$(networks "$VOYO_TRUSTED_PROXIES")
        [LOG_CLIENT]=$(log_client)
        [LOG_CLIENT_TEXT]=$(log_client_text)
        [LOG_SAMPLE]=$(log_sample)
        [PORT]=$PORT
        [LISTEN_IPV6]=$(listen_ipv6)
        [APP]=$(app_lines)
        [OWN_HTTP]=$(own_lines http)
        [OWN_SERVER]=$(own_lines server)
        [OWN_TRACK]=$(own_lines track)
        [OWN_STATUS]=$(own_lines status)
        [CA_FILE]=$VOYO_CA_FILE
        [PROXY_BIND]=$(source_lines)
    )

    # nginx warns about "user" unless it runs as root
    [ "$EUID" -eq 0 ] || value[USER]=
}


# The connections of a worker, 16 for each of its "$2" megabytes of memory, from
# 1024 to 65536, and at most a quarter of its "$1" descriptors: when connections
# run out nginx closes idle ones, but when descriptors do it accepts none
# (docs/upstream.md, N11, N41).

connections()
{
    local most=$(($1 < 256 ? 64 : $1 / 4)) n=$((16 * $2))

    n=$((n < 1024 ? 1024 : n > 65536 ? 65536 : n))
    echo "$((n < most ? n : most))"
}


megabytes()
{
    case $1 in
    *[gG]) echo "$((${1%?} * 1024))" ;;
    *) echo "${1%?}" ;;
    esac
}


# Memory for the keys of a cache of the size "$1": 1 MB holds 8000, twice as many
# as slices fit in 2 GB.  A cache whose keys fill it removes the oldest slices,
# whatever its size.

cache_keys()
{
    local keys

    keys=$(($(megabytes "$1") / 2048))
    echo "$((keys < 16 ? 16 : keys))m"
}


# A quarter of the cache's size "$1", from 4 to 64 MB.

min_free()
{
    local megabytes

    megabytes=$(($(megabytes "$1") / 4))
    echo "$((megabytes < 4 ? 4 : megabytes > 64 ? 64 : megabytes))m"
}


redis_url()
{
    echo "${REDIS_URL:-unix:$home/run/redis.sock}"
}


access_log()
{
    local name=voyo

    [ "$VOYO_LOG_FORMAT" = json ] || name=voyo_text

    if [ "$VOYO_ACCESS_LOG" = 0 ]; then
        echo off
    elif [ "$VOYO_LOG_SAMPLE" = 100 ]; then
        echo "/dev/stdout $name"
    else
        echo "/dev/stdout $name if=\$voyo_logged"
    fi
}


# Which requests are logged: a part of the ranges that were answered completely,
# and everything else.

log_sample()
{
    [ "$VOYO_LOG_SAMPLE" != 100 ] || return 0

    echo 'split_clients $voyo_request_id $voyo_sampled {'
    [ "$VOYO_LOG_SAMPLE" = 0 ] || echo "        $VOYO_LOG_SAMPLE% 1;"
    echo '        * 0;'
    echo '    }'
    echo
    echo '    map "$status $voyo_problem" $voyo_logged {'
    echo '        default 1;'
    echo '        "206 " $voyo_sampled;'
    echo '    }'
}


# nginx reads neither resolv.conf nor /etc/hosts (docs/upstream.md, N28).

resolver_lines()
{
    local servers

    servers=$(name_servers /etc/resolv.conf | tr '\n' ' ')
    [ -n "$servers" ] || return 0

    echo "resolver ${servers}ipv6=$1;"
    echo "    resolver_timeout 5s;"
}


# A media URL is bound to the client address it was resolved from, and so to its
# family (docs/upstream.md, G7).

family()
{
    case $VOYO_SOURCE_ADDRESS in
    *:*) echo ipv6 ;;
    *) echo ipv4 ;;
    esac
}


source_lines()
{
    resolver_lines "$([ "$(family)" = ipv6 ] && echo on || echo off)"

    [ -z "$VOYO_SOURCE_ADDRESS" ] || echo "proxy_bind $VOYO_SOURCE_ADDRESS;"
}


# Limits requests for unknown tracks per client: each may need an extraction.

limit_zone_lines()
{
    [ "$VOYO_COLD_RATE" -ne 0 ] || return 0

    echo "limit_req_zone \$voyo_cold_key zone=voyo_cold:2m" \
         "rate=${VOYO_COLD_RATE}r/m;"
    echo "    limit_req_status 429;"
    echo "    limit_req_log_level notice;"
}


limit_lines()
{
    [ "$VOYO_COLD_RATE" -ne 0 ] || return 0

    echo "limit_req zone=voyo_cold burst=$VOYO_COLD_RATE nodelay;"
    echo "            error_page 429 = @limited;"
}


# Limits the slices that are fetched per client, with a status that no media
# host sends.  None is delayed: it would hold the cache's lock meanwhile.

fetch_zone_lines()
{
    [ "$VOYO_FETCH_RATE" -ne 0 ] || return 0

    echo "limit_req_zone \$http_x_voyo_client zone=voyo_fetch:2m" \
         "rate=${VOYO_FETCH_RATE}r/s;"
}


fetch_lines()
{
    [ "$VOYO_FETCH_RATE" -ne 0 ] || return 0

    echo "limit_req zone=voyo_fetch burst=$((5 * VOYO_FETCH_RATE)) nodelay;"
    echo "            limit_req_status 420;"
    echo "            limit_req_log_level notice;"
    echo "            error_page 420 = @limited;"
}


# Behind a trusted proxy the client's address is taken from X-Forwarded-For.

real_ip_lines()
{
    local each

    [ -n "$VOYO_TRUSTED_PROXIES" ] || return 0

    echo 'real_ip_header X-Forwarded-For;'
    echo '    real_ip_recursive on;'
    for each in $VOYO_TRUSTED_PROXIES; do
        echo "    set_real_ip_from $each;"
    done
}


listen_ipv6()
{
    ! ipv6_there \
        || echo "listen [::]:$PORT ipv6only=on sndbuf=256k backlog=1024;"
}


# The response is the same for all origins, unless some are listed.

cors_key()
{
    [ "$VOYO_CORS_ORIGINS" = '*' ] && echo '""' || echo '$http_origin'
}


cors_lines()
{
    local each

    if [ "$VOYO_CORS_ORIGINS" = '*' ]; then
        echo '        default "*";'
        return 0
    fi

    echo '        default "";'
    for each in ${VOYO_CORS_ORIGINS//,/ }; do
        echo "        \"$each\" \"$each\";"
    done
}


log_client()
{
    case $VOYO_LOG_CLIENT in
    address) echo ',"client":"$remote_addr"' ;;
    hash) echo ',"client":"$voyo_client_key"' ;;
    esac
}


log_client_text()
{
    case $VOYO_LOG_CLIENT in
    address) echo ', client $remote_addr' ;;
    hash) echo ', client $voyo_client_key' ;;
    esac
}


# Of a geo block: the networks "$1", separated by spaces.

networks()
{
    local each

    for each in $1; do
        echo "        $each 1;"
    done
}


# The operator's own directives, of one place: there may be no such file.

own_lines()
{
    [ -z "$VOYO_NGINX_DIR" ] || echo "include $VOYO_NGINX_DIR/$1*.conf;"
}


# The location for all other requests.

app_lines()
{
    if [ -n "$VOYO_APP_URL" ]; then
        app_proxy
    elif [ "$VOYO_DEMO" = 1 ]; then
        demo_page
    else
        echo 'location / {'
        echo '            default_type text/plain;'
        echo '            return 404 "Not found.\n";'
        echo '        }'
    fi
}


# With a variable, nginx looks up the app's name at run time, so the app may
# start later and change its address.  Names in /etc/hosts need a literal, since
# nginx's resolver does not read that file.

app_proxy()
{
    local name target=$VOYO_APP_URL

    name=${target#*://}
    name=${name%:*}

    cat << END
location / {
            client_max_body_size 0;
            proxy_http_version 1.1;
            proxy_request_buffering off;
            proxy_buffering off;
            proxy_read_timeout 1h;
            proxy_set_header Host \$http_host;
            proxy_set_header Connection \$http_connection;
            proxy_set_header Upgrade \$http_upgrade;
            proxy_set_header X-Forwarded-For \$proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto \$voyo_proto;
            proxy_ssl_server_name on;
END

    if [[ $name == \[* ]] || is_ipv4 "$name" \
       || grep -qsw -- "$name" /etc/hosts || [ -z "$(resolver_lines on)" ]
    then
        echo "            proxy_pass $target;"
    else
        echo "            set \$voyo_app $target;"
        echo "            proxy_pass \$voyo_app;"
    fi

    echo '        }'
}


demo_page()
{
    cat << END
location / {
            root $root/web/demo;
            index index.html;
            log_not_found off;
            add_header Cache-Control no-cache;
            add_header X-Content-Type-Options nosniff;
            add_header Content-Security-Policy "default-src 'self'; connect-src *; media-src *; img-src * data:";
        }
END

    [ -n "$VOYO_DEMO_TRACKS" ] || return 0

    cp "$VOYO_DEMO_TRACKS" "$scratch/tracks.json"
    chmod 644 "$scratch/tracks.json"
    cat << END
        location = /tracks.json {
            alias $scratch/tracks.json;
            default_type application/json;
            add_header Cache-Control no-cache;
        }
END
}
