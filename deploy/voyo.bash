# Completes the command line of voyo(1) in bash: installed as
# share/bash-completion/completions/voyo.

_voyo()
{
    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local words=

    COMPREPLY=()

    case $COMP_CWORD:${COMP_WORDS[1]}:$previous in
    1:*)
        words='status explain --check --version --help'
        ;;
    *:explain:--log)
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
        ;;
    *:explain:*)
        words='--json --lines --log --help'
        ;;
    *:status:*)
        words='--json --help'
        ;;
    esac

    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -F _voyo voyo
