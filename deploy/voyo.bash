# Completes the command line of voyo(1) in bash: installed as
# share/bash-completion/completions/voyo.

_voyo()
{
    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local words=

    COMPREPLY=()

    case $COMP_CWORD:${COMP_WORDS[1]}:$previous in
    1:*)
        words='status explain purge ban unban warm breaker drain top'
        words+=' bench --check --version --help'
        ;;
    *:explain:--log)
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
        ;;
    *:explain:*)
        words='--json --lines --log --help'
        ;;
    *:warm:--quality | *:bench:--quality)
        words='low medium high'
        ;;
    *:warm:--codec | *:bench:--codec)
        words='aac opus'
        ;;
    *:warm:*)
        words='--quality --codec --jobs --wait --json --help'
        [[ $word == -* ]] || words=$(compgen -f -- "$word")
        ;;
    *:bench:*)
        words='--purge --quality --codec --json --help'
        ;;
    3:ban:*)
        words='unavailable legal private age_restricted paid geo_blocked drm'
        words+=' --timeout --json --help'
        ;;
    *:purge:* | *:ban:*)
        words='--timeout --json --help'
        ;;
    *:drain:*)
        words='--undo --timeout --json --help'
        ;;
    *:top:*)
        words='--interval --count --json --help'
        ;;
    2:breaker:*)
        words='close --json --help'
        ;;
    *:status:* | *:unban:* | *:breaker:*)
        words='--json --help'
        ;;
    esac

    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -F _voyo voyo
