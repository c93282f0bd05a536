# Completion of app-role for bash. It asks app-role, which must be on the PATH.

_app_role() {
    local line=${COMP_LINE:0:COMP_POINT} words=() count=0 piece rest
    # Bash also splits words at colons and equals signs. What no space separates is one word.
    for piece in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
        rest=${line#"${line%%[![:space:]]*}"}
        piece=${rest:0:${#piece}}
        if [[ $rest != "$line" || $count -eq 0 ]]; then
            words[count]=$piece
            count=$((count + 1))
        else
            words[count - 1]+=$piece
        fi
        line=${rest:${#piece}}
    done
    words=("${words[@]//[\"\'\\]/}")

    local answer kind word help
    answer=$(command app-role __complete -- "${words[@]}" 2>/dev/null) || return
    # Bash replaces $2, the last piece only.
    local last=${words[count - 1]}
    local before=$((${#last} - ${#2}))
    COMPREPLY=()
    while IFS=$'\t' read -r word help; do
        if [[ -z ${kind-} ]]; then
            kind=$word
        else
            COMPREPLY+=("${word:before}")
        fi
    done <<<"$answer"
    # Before version 4, bash offers files for each word.
    case ${kind-} in
        files) compopt -o default 2>/dev/null ;;
        folders) compopt -o dirnames 2>/dev/null ;;
    esac
    return 0
}

if type compopt >/dev/null 2>&1; then
    complete -o nosort -F _app_role app-role 2>/dev/null || complete -F _app_role app-role
else
    complete -o default -F _app_role app-role
fi
