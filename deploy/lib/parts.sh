# The processes: sourced by deploy/voyo.
#
# Each part has its own session, so that Ctrl-C reaches only deploy/voyo, which
# stops the parts in order; and a parent-death signal, so that none outlives it.


declare -A pid=() began=() delay=() due=()
ready=
exec {never}<> <(:)


start_redis_and_check()
{
    local tries=0

    if [ -z "$REDIS_URL" ] && [ -z "$beside" ]; then
        start redis

        until [ -S "$home/run/redis.sock" ] \
              && [ "$(redis-cli -s "$home/run/redis.sock" ping \
                      2> /dev/null || true)" = PONG ]
        do
            alive redis && [ "$((tries += 1))" -le 1000 ] \
                || give_up 1 "redis-server did not start: see above"
            nap 0.01
        done
    fi

    check_resolver

    check_nginx
}


# The configuration is made of settings, so what nginx rejects is one of them,
# unless it does not load the module.

check_nginx()
{
    local said status=0

    said=$(apart run_nginx -t -q 2>&1) || status=$?
    [ -z "$said" ] || echo "$said" >&2
    [ "$status" -ne 0 ] || return 0

    case $said in
    *'[emerg]'*load_module* | *'[emerg]'*dlopen* | *'binary compatible'*)
        give_up 1 "nginx does not load the module: see above" ;;
    *)
        give_up 2 "nginx rejects its configuration, a setting is wrong:" \
                  "see above" ;;
    esac
}


# Tests Redis and the version of yt-dlp, which print errors themselves.  A Redis
# that is not available yet, status 3, is waited for.

check_resolver()
{
    local said status end=$((SECONDS + VOYO_REDIS_WAIT)) next=$SECONDS

    while :; do
        status=0
        (apart run_resolver --check) 2> "$scratch/check" || status=$?
        said=$(< "$scratch/check")

        if [ "$status" -ne 3 ] || [ -n "$checking" ] \
           || [ "$SECONDS" -ge "$end" ]
        then
            break
        fi

        if [ "$SECONDS" -ge "$next" ]; then
            say "waiting for Redis: ${said%%$'\n'*}"
            next=$((SECONDS + 5))
        fi

        nap 0.5
    done

    [ -z "$said" ] || echo "$said" >&2

    if [ "$status" -eq 3 ] && [ -z "$checking" ]; then
        say "Redis is not available, VOYO starts without it: only known" \
            "tracks play until it is"
    elif [ "$status" -eq 2 ]; then
        give_up 2 "the resolver cannot start, a setting is wrong: see above"
    elif [ "$status" -ne 0 ]; then
        give_up 1 "the resolver cannot start: see above"
    fi
}


give_up()
{
    stop_all
    fail "$@"
}


start()
{
    case $1 in
    log) run_log & ;;
    *) apart "run_$1" & ;;
    esac

    pid[$1]=$!
    now
    began[$1]=$now
    unset "due[$1]"
}


# Runs a part without deploy/voyo's own descriptors.

apart()
{
    exec {lock}>&- {never}>&- {output}>&- {errors}>&- \
        {real_output}>&- {real_errors}>&-
    "$@"
}


# On a unix socket for its own user, without a TCP port.

run_redis()
{
    local megabytes=$(($(memory) / 8))

    put_aside_snapshot

    exec setsid "${as[@]}" redis-server --port 0 \
        --unixsocket "$home/run/redis.sock" --unixsocketperm 700 \
        --dir "$home/redis" --dbfilename voyo.rdb --save '60 1' \
        --stop-writes-on-bgsave-error no \
        --maxmemory "$((megabytes < 32 ? 32 : megabytes > 256 ? 256 \
                        : megabytes))mb" \
        --maxmemory-policy volatile-lru \
        --daemonize no --loglevel warning --always-show-logo no >&2
}


# Moves a snapshot aside that Redis would refuse to load; it is only a cache.

put_aside_snapshot()
{
    local snapshot=$home/redis/voyo.rdb status=0

    [ -e "$snapshot" ] && command -v redis-check-rdb > /dev/null || return 0
    "${as[@]}" redis-check-rdb "$snapshot" > /dev/null 2>&1 || status=$?

    # 137 and 143: it was killed
    case $status in
    0 | 137 | 143) return 0 ;;
    esac

    mv -f "$snapshot" "$snapshot.bad"
    say "Redis starts empty: it cannot read its snapshot, which is now" \
        "$snapshot.bad"
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
    # it ignores TERM, see voyo_ignore_term
    exec setsid setpriv --pdeathsig INT -- nginx -p "$home" -e stderr \
        -c "$conf/nginx.conf" "$@"
}


# From here on all output, of the parts and of deploy/voyo, goes through pipes to
# a relay process.  It keeps reading if its own output is not read; and since
# both ends of the pipes are open here, writers do not notice when it is killed
# and restarted.  nginx opens /dev/stdout by name, which a socket (systemd) does
# not allow.

open_log()
{
    exec {real_output}>&1 {real_errors}>&2 {output}<> <(:) {errors}<> <(:)
    trap close_log EXIT
    start log
    exec 1>&"$output" 2>&"$errors"
}


run_log()
{
    exec < "/proc/self/fd/$output" 3< "/proc/self/fd/$errors"
    exec 1>&"$real_output" 2>&"$real_errors"
    apart exec setsid "$resolver" --relay "$scratch/dropped"
}


# The relay ends when all that write have ended, and a second later when nobody
# reads.  A signal at the start ends deploy/voyo here, with what has started.

close_log()
{
    local log=${pid[log]}

    unset "pid[log]"
    [ "${#pid[@]}" -eq 0 ] || kill "${pid[@]}" 2> /dev/null || true

    exec 1>&"$real_output" 2>&"$real_errors" {output}>&- {errors}>&-
    wait "$log" 2> /dev/null || true
    [ "$scratch" = "$home/run" ] || rm -rf "$scratch"
}


alive()
{
    [ -n "${pid[$1]-}" ] && kill -0 "${pid[$1]}" 2> /dev/null
}


wait_for_nginx()
{
    local tries=0

    until (: <> "/dev/tcp/127.0.0.1/$PORT") 2> /dev/null \
          || [ -n "$told_to_stop" ]
    do
        alive nginx && [ "$((tries += 1))" -le 1000 ] \
            || give_up 1 "nginx did not start: see above"
        nap 0.01
    done
}


# The first time that /health is 200: then a play works.

tell_ready()
{
    answers_health || return 0
    ready=1
    say "ready, open http://localhost:$PORT/" \
        "(health: http://localhost:$PORT/health)"
}


answers_health()
(
    exec 2> /dev/null {socket}<> "/dev/tcp/127.0.0.1/$PORT" \
        && printf 'GET /health HTTP/1.0\r\n\r\n' >&"$socket" \
        && read -rt 2 _ status _ <&"$socket" && [ "$status" = 200 ]
)


# When two children end at the same time, "wait -n" can lose one of them, and
# bash does not reap in a trap; so this polls, and traps only set flags.  Nothing
# here has a "$(": bash 5.2 fails if a trap runs while it parses one.

supervise()
{
    while [ -z "$told_to_stop" ]; do
        tend

        [ -d "$home/cache" ] \
            || { make_directories && own_directories; } || true

        [ -z "$told_to_reload" ] || reload
        if [ -n "$ready" ]; then update_if_due; else tell_ready; fi
        nap 0.2
    done
}


tend()
{
    local name

    for name in "${!pid[@]}"; do
        alive "$name" || ended "$name"
    done

    now
    for name in "${!due[@]}"; do
        [ "$now" -lt "${due[$name]}" ] || start "$name"
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

    if [ "$1" = update ]; then
        [ "$status" -eq 0 ] || say "yt-dlp was not updated: see above"
        return 0
    fi

    # restarted at once, since messages need it
    if [ "$1" = log ]; then
        start log
        say "log ended with status $status, started again"
        return 0
    fi

    if [ "$1" = nginx ]; then
        say "nginx ended with status $status, stopping all parts"
        stop_all
        exit 1
    fi

    now
    [ "$((now - began[$1]))" -lt 30000 ] || milliseconds=100
    due[$1]=$((now + milliseconds))
    delay[$1]=$((milliseconds < 12800 ? milliseconds * 2 : milliseconds))

    say "$1 ended with status $status, next start in $milliseconds ms"
}


# Sets "now" to a time in milliseconds.

now()
{
    now=${EPOCHREALTIME/[.,]/}
    now=${now%???}
}


# Sleeps without starting a process; a signal ends it early.

nap()
{
    read -rt "$1" -u "$never" || true
}


parts_there()
{
    stat -c '%d %i %Y' "$module" "$resolver" 2>&1 || true
}


reload()
{
    told_to_reload=

    # nginx keeps the module that it has loaded, and the configuration is of
    # another one
    if [ "$(parts_there)" != "$parts_started" ]; then
        say "the module or the resolver was replaced: restart VOYO to use it," \
            "nothing is reloaded"
    elif (render); then
        say "reloading nginx"
        kill -HUP "${pid[nginx]-}" 2> /dev/null || true
    fi
}


# nginx first, since running requests may need the others, which are started
# again until their turn; Redis last, which saves its data.  A second signal
# stops nginx at once.

stop_all()
{
    hurry=
    trap 'hurry=1' TERM INT HUP

    stop nginx QUIT "$VOYO_STOP_TIMEOUT" INT 2
    stop update TERM 5
    stop resolver TERM 5
    stop redis TERM 10
}


# Stops a part with signals, and waits so many seconds after each.

stop()
{
    local name=$1 part=${pid[$1]-} end

    unset "pid[$1]" "due[$1]"
    [ -n "$part" ] || return 0
    shift

    while [ $# -gt 0 ]; do
        kill "-$1" "$part" 2> /dev/null || break
        end=$((SECONDS + $2))

        while kill -0 "$part" 2> /dev/null && [ "$SECONDS" -lt "$end" ]; do
            [ -z "$hurry" ] || [ "$1" != QUIT ] || break
            tend
            nap 0.05
        done

        shift 2
    done

    if kill -0 "$part" 2> /dev/null; then
        say "$name does not stop, killed"
        kill -KILL -- "-$part" 2> /dev/null || true
    fi

    wait "$part" 2> /dev/null || true
}
