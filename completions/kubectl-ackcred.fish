# Completion of kubectl-ackcred for fish: asks the program for each TAB.
function __kubectl_ackcred_ask
    set -l words (commandline --cut-at-cursor --current-process --tokenize)
    set -l last (commandline --cut-at-cursor --current-token)
    set -l flag (string match --regex -- '^-[^=]*=' $last; or printf '\n')
    set -l unquoted (string unescape -- $last; or string trim --left --chars '"\'' -- $last; or printf '%s\n' $last)
    set -l answer (kubectl-ackcred __complete $words[2..] $unquoted 2>/dev/null)
    set --global __kubectl_ackcred_answer $flag$answer[1..-2]
    test "$answer[-1]" != :0
end
complete --command kubectl-ackcred --erase
complete --command kubectl-ackcred --keep-order --no-files --condition __kubectl_ackcred_ask --arguments '$__kubectl_ackcred_answer'
