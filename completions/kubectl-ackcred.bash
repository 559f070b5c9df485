# Completion of kubectl-ackcred for bash: asks the program for each TAB.
_kubectl_ackcred() {
    local line last directive
    COMPREPLY=()
    while IFS= read -r line; do
        COMPREPLY+=("$line")
    done < <(kubectl-ackcred __complete-bash "${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null)
    last=$((${#COMPREPLY[@]} - 1))
    ((last >= 0)) || return
    directive=${COMPREPLY[last]}
    unset "COMPREPLY[last]"
    [[ $directive == :0 ]] || return
    # macOS' bash 3.2 has no compopt.
    compopt -o default 2>/dev/null || while IFS= read -r line; do
        COMPREPLY+=("$line")
    done < <(compgen -f -- "$2")
}
complete -o nosort -F _kubectl_ackcred kubectl-ackcred 2>/dev/null || complete -F _kubectl_ackcred kubectl-ackcred
