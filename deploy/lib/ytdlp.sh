# Its own yt-dlp, unless YT_DLP_PATH is set: sourced by deploy/voyo.
#
# VOYO_HOME/ytdlp/current is a link to one of two, the newer: the one that came
# with VOYO (from "make deps", or in an image), or one that deploy/ytdlp got since.


choose_ytdlp()
{
    local python shipped=$root/build/prefix current=$home/ytdlp/current

    [ -z "$YT_DLP_PATH" ] || return 0

    python=$(/usr/bin/python3 -c '
import sys
print(*sys.version_info[:2], sep=".")')

    if [ -n "$beside" ]; then
        works "$current" || current=$shipped
    elif works "$shipped" \
         && { ! works "$current" || is_newer "$shipped" "$current"; }
    then
        ln -sfn "$shipped" "$current.shipped"
        mv -fT "$current.shipped" "$current"
    fi

    works "$current" || get_ytdlp

    if [ -x "$current/bin/yt-dlp" ]; then
        YT_DLP_PATH=$current/bin/yt-dlp
    else
        YT_DLP_PATH=$(type -P yt-dlp) \
            || fail 1 "yt-dlp is missing: run $here/ytdlp $current, or set" \
                      "YT_DLP_PATH to a yt-dlp >= 2026.10"
    fi
}


# Libraries with machine code work only with the Python they were made for.

works()
{
    [ -x "$1/bin/yt-dlp" ] \
        && [ "$(sed 's/.* //' "$1/stamp" 2> /dev/null)" = "$python" ]
}


is_newer()
{
    ! printf '%s\n' "$(version_of "$1")" "$(version_of "$2")" | sort -CV
}


version_of()
{
    sed -n "s/^__version__ = '\(.*\)'/\1/p" \
        "$1/usr/lib/python3/dist-packages/yt_dlp/version.py" 2> /dev/null || true
}


get_ytdlp()
{
    [ -z "$checking" ] || return 0
    say "getting yt-dlp, since there is none; it takes a minute"
    start update
    wait "${pid[update]}" || true
    unset "pid[update]"
}


# As the user who may write to it; it tests a new one like the resolver.

run_update()
{
    HOME=$home/tmp
    TMPDIR=$home/tmp
    VOYO_SOURCE_ADDRESS=$resolver_source
    export HOME TMPDIR VOYO_SOURCE_ADDRESS

    exec setsid nice "${as[@]}" "$here/ytdlp" "$home/ytdlp/current" >&2
}


# The first update follows the start, others a day later, also across restarts.

plan_update()
{
    local last

    next_update=

    if [ "$VOYO_YTDLP_UPDATE" = daily ] \
       && [ "$YT_DLP_PATH" = "$home/ytdlp/current/bin/yt-dlp" ]
    then
        last=$(stat -c %Y "$home/ytdlp/looked" 2> /dev/null || echo 0)
        next_update=$((last + 86400))
    fi
}


update_if_due()
{
    [ -n "$next_update" ] && [ "$EPOCHSECONDS" -ge "$next_update" ] || return 0

    next_update=$((EPOCHSECONDS + 86400))
    touch "$home/ytdlp/looked" || true
    start update
}
