#compdef app-role
# Completion of app-role for zsh. It asks app-role, which must be on the PATH.

_app_role() {
    local line kind word
    local -a offered
    while IFS= read -r line; do
        if [[ -z $kind ]]; then
            kind=$line
            continue
        fi
        word=${line%%$'\t'*}
        word=${word//:/\\:}
        [[ $line == *$'\t'* ]] && word+=":${line#*$'\t'}"
        offered+=("$word")
    done < <(command app-role __complete -- "${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)
    case $kind in
        words) _describe -V -t words word offered -M 'm:{a-zA-Z}={A-Za-z}' ;;
        files) [[ $PREFIX == -*=* ]] && compset -P '*='; _files ;;
        folders) [[ $PREFIX == -*=* ]] && compset -P '*='; _files -/ ;;
    esac
}

# The file is loaded by name from a folder of $fpath, or it is sourced.
if [[ ${funcstack[1]} == _app-role ]]; then
    _app_role "$@"
else
    compdef _app_role app-role
fi
