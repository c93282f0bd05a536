# Completion of app-role for fish. It asks app-role, which must be on the PATH.

function __app_role_complete
    # fish opens no quote again that is open already.
    set -l token (string replace --regex -- '^["\']' '' (commandline --current-token))
    set -l answer (command app-role __complete -- (commandline --tokenize --cut-at-cursor --current-process) "$token" 2>/dev/null)
    set -l kind $answer[1]
    set -e answer[1]
    set -l option (string match --regex -- '^--[^=]*=' "$token")
    set -l path (string replace --regex -- '^--[^=]*=' '' "$token")
    switch "$kind"
        case words
            printf '%s\n' $answer
        case files
            string replace --regex -- '^' "$option" (__fish_complete_path "$path")
        case folders
            string replace --regex -- '^' "$option" (__fish_complete_directories "$path")
    end
end

complete --command app-role --no-files --keep-order --arguments '(__app_role_complete)'
