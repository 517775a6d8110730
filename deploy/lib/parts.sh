# The processes: sourced by deploy/voyo.
#
# Each part has its own session, so that Ctrl-C reaches only deploy/voyo, which
# stops the parts in order; and a parent-death signal, so that none outlives it.


declare -A pid=() began=() delay=() due=()
access=
writer=
told_to_stop=
told_to_reload=
exec {never}<> <(:)


start_redis_and_check()
{
    local tries=0

    if [ -z "$REDIS_URL" ]; then
        start redis

        until [ -S "$home/run/redis.sock" ] \
              && [ "$(redis-cli -s "$home/run/redis.sock" ping \
                      2> /dev/null || true)" = PONG ]
        do
            alive redis && [ "$((tries += 1))" -le 1000 ] \
                || give_up "redis-server did not start: see above"
            nap 0.01
        done
    fi

    # tests Redis and the version of yt-dlp, and prints errors itself
    (run_resolver --check {lock}>&- {never}>&-) \
        || give_up "the resolver cannot start: see above"

    (run_nginx -t -q {lock}>&- {never}>&-) | cat \
        || give_up "nginx rejects its configuration: see above"
}


give_up()
{
    stop_all
    fail 1 "$@"
}


start()
{
    case $1 in
    redis) run_redis {lock}>&- {never}>&- & ;;
    resolver) run_resolver {lock}>&- {never}>&- & ;;
    nginx)
        [ -n "$access" ] || open_access_log
        run_nginx >&"$access" {lock}>&- {never}>&- &
        ;;
    esac

    pid[$1]=$!
    began[$1]=$(now)
    unset "due[$1]"
}


# On a unix socket for its own user, without a TCP port.

run_redis()
{
    local megabytes=$(($(memory) / 8))

    exec setsid "${as[@]}" redis-server --port 0 \
        --unixsocket "$home/run/redis.sock" --unixsocketperm 700 \
        --dir "$home/redis" --dbfilename voyo.rdb --save '60 1' \
        --stop-writes-on-bgsave-error no \
        --maxmemory "$((megabytes < 32 ? 32 : megabytes > 256 ? 256 \
                        : megabytes))mb" \
        --maxmemory-policy volatile-lru \
        --daemonize no --loglevel warning --always-show-logo no >&2
}


run_resolver()
{
    HOME=$home/tmp
    REDIS_URL=$(redis_url)
    VOYO_SOURCE_ADDRESS=$resolver_source
    export HOME REDIS_URL VOYO_SOURCE_ADDRESS

    exec setsid "${as[@]}" "$resolver" "$@" >&2
}


run_nginx()
{
    exec setsid setpriv --pdeathsig TERM -- nginx -p "$home" -e stderr \
        -c "$home/conf/nginx.conf" "$@"
}


# nginx opens /dev/stdout by name.  That works for a pipe; for a socket (systemd)
# it fails, and in a file it would overwrite what others have written.

open_access_log()
{
    exec {access}> >(trap '' INT TERM HUP; exec cat)
    writer=$!
}


alive()
{
    [ -n "${pid[$1]-}" ] && kill -0 "${pid[$1]}" 2> /dev/null
}


wait_ready()
{
    local tries=0

    until (: <> "/dev/tcp/127.0.0.1/$PORT") 2> /dev/null; do
        alive nginx && [ "$((tries += 1))" -le 1000 ] \
            || give_up "nginx did not start: see above"
        nap 0.01
    done

    say "ready, open http://localhost:$PORT/" \
        "(health: http://localhost:$PORT/health)"
}


# When two children end at the same time, "wait -n" can lose one of them, and
# bash does not reap in a trap; so this polls, and traps only set flags.

supervise()
{
    local name

    while [ -z "$told_to_stop" ]; do
        for name in "${!pid[@]}"; do
            alive "$name" || ended "$name"
        done

        for name in "${!due[@]}"; do
            [ "$(now)" -lt "${due[$name]}" ] || start "$name"
        done

        [ -d "$home/cache" ] \
            || { make_directories && own_directories; } || true

        [ -z "$told_to_reload" ] || reload
        nap 0.2
    done
}


# A part is restarted after 0.1 s; the delay doubles up to 12.8 s for a part that
# ran for less than half a minute.

ended()
{
    local status=0 milliseconds=${delay[$1]:-100}

    wait "${pid[$1]}" 2> /dev/null || status=$?

    # kill what it left behind, such as the workers of a killed nginx
    kill -KILL -- "-${pid[$1]}" 2> /dev/null || true
    unset "pid[$1]"

    if [ "$1" = nginx ]; then
        say "nginx ended with status $status, stopping all parts"
        stop_all
        exit 1
    fi

    [ "$(($(now) - began[$1]))" -lt 30000 ] || milliseconds=100
    due[$1]=$(($(now) + milliseconds))
    delay[$1]=$((milliseconds < 12800 ? milliseconds * 2 : milliseconds))

    say "$1 ended with status $status, next start in $milliseconds ms"
}


now()
{
    local now=${EPOCHREALTIME/[.,]/}

    echo "${now%???}"
}


# Sleeps without starting a process; a signal ends it early.

nap()
{
    read -rt "$1" -u "$never" || true
}


reload()
{
    told_to_reload=

    if (render); then
        say "reloading nginx"
        kill -HUP "${pid[nginx]-}" 2> /dev/null || true
    fi
}


# nginx first, since running requests may need the resolver; Redis last, which
# saves its data.  A second signal stops nginx at once.

stop_all()
{
    local each

    hurry=
    trap 'hurry=1' TERM INT HUP

    stop nginx QUIT "$VOYO_STOP_TIMEOUT"
    stop nginx TERM 2
    stop resolver TERM 5
    stop redis TERM 10

    for each in nginx resolver redis; do
        alive "$each" || continue
        say "$each does not stop, killed"
        kill -KILL -- "-${pid[$each]}" 2> /dev/null || true
    done

    if [ -n "$access" ]; then
        exec {access}>&-
        wait "$writer" || true
    fi

    wait
}


stop()
{
    local end

    alive "$1" || return 0
    kill "-$2" "${pid[$1]}" 2> /dev/null || return 0
    end=$((SECONDS + $3))

    while alive "$1" && [ "$SECONDS" -lt "$end" ]; do
        [ -z "$hurry" ] || [ "$2" != QUIT ] || return 0
        nap 0.05
    done
}
