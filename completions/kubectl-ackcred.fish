# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_kubectl_ackcred_global_optspecs
    string join \n version kubeconfig= context= cluster= user= s/server= token= client-certificate= client-key= certificate-authority= as= as-group= as-uid= as-user-extra= request-timeout= tls-server-name= insecure-skip-tls-verify= offline profile= profile-file= ignore-env-credentials role-arn= region= vpc cs-endpoint= ram-endpoint= sts-endpoint= ims-endpoint= o/output= no-headers= color= q/quiet v= h/help
end

function __fish_kubectl_ackcred_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_kubectl_ackcred_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_kubectl_ackcred_using_subcommand
    set -l cmd (__fish_kubectl_ackcred_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -l kubeconfig -d 'Kubeconfig file to use, instead of KUBECONFIG and ~/.kube/config' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -l context -d 'Context to use (repeatable for scan, status and revoke)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -l cluster -d 'Cluster entry to use' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -l user -d 'User entry to use' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -l token -d 'Bearer token' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -l client-certificate -d 'Client certificate file' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -l client-key -d 'Private key file' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -l certificate-authority -d 'CA file to verify the API server with' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -l as -d 'User to act as' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -l as-group -d 'Group to act as (repeatable)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -l as-uid -d 'User ID to act as' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -l as-user-extra -d 'Extra field to act with (repeatable)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -l request-timeout -d 'How long one exchange with a server may take, such as 1s, 2m or 3h; 0 means no limit' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -l tls-server-name -d 'Name to verify the API server\'s certificate against' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -l insecure-skip-tls-verify -d 'Don\'t verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -l profile -d 'Profile of the credentials file; no other source is used' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -l profile-file -d 'Credentials file, instead of ~/.aliyun/config.json' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -l role-arn -d 'Role to assume with the credentials' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -l region -d 'Region of the cluster; with --all-clusters, only the clusters of this region' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -l cs-endpoint -d 'Endpoint of Container Service, a host with or without port, or a URL [env: ACKCRED_CS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -l ram-endpoint -d 'Endpoint of Resource Access Management [env: ACKCRED_RAM_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -l sts-endpoint -d 'Endpoint of Security Token Service [env: ACKCRED_STS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -l ims-endpoint -d 'Endpoint of Identity Management Service [env: ACKCRED_IMS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -s o -l output -d 'Format of the result' -r -f -a "table\t'Columns'
wide\t'More columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'Names only, one a line'
csv\t'Comma-separated values'
prometheus\t'Metrics for node_exporter\'s textfile collector'
html\t'One page for a browser'
jsonpath=\t'What a template makes of the JSON document'
jsonpath-as-json=\t'What a template finds in the JSON document, as JSON'
jsonpath-file=\t'As jsonpath, with the template in a file'
custom-columns=\t'HEADER:PATH for each column'
custom-columns-file=\t'As custom-columns, with headers and paths in a file'"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -l no-headers -d 'Leave out the header line of tables and CSV' -r -f -a "true\t''
false\t''"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -s v -d 'Log what is done to standard error; repeat it, or give a number, for more' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -l version -d 'Print the version'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -l offline -d 'Don\'t contact the cloud; with whoami, don\'t contact the API server either'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -l ignore-env-credentials -d 'Don\'t take credentials from environment variables'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -l vpc -d 'Use the endpoints inside the VPC'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -s q -l quiet -d 'Write only errors and warnings to standard error'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -f -a "whoami" -d 'Show whose credential this is, and for which cluster'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -f -a "expiry" -d 'List when credentials expire, and which never do'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -f -a "scan" -d 'List who holds access to the cluster, and whether they still exist'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -f -a "status" -d 'List the state of issued kubeconfigs, of a cluster or of an identity'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -f -a "revoke" -d 'Revoke an identity\'s access to the cluster, and prove that it is gone'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -f -a "restore" -d 'Restore what a revocation removed'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -f -a "history" -d 'List the revocations and restores that were made from this machine'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -f -a "completion" -d 'Print a completion script for a shell'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -f -a "options" -d 'List the flags that many commands take'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -f -a "version" -d 'Print the version'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -s f -l filename -d 'Read this kubeconfig file, such as a leaked one, and contact, run or use nothing that it names' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -l kubeconfig -d 'Kubeconfig file to use, instead of KUBECONFIG and ~/.kube/config' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -l context -d 'Context to use (repeatable for scan, status and revoke)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -l cluster -d 'Cluster entry to use' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -l user -d 'User entry to use' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -l token -d 'Bearer token' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -l client-certificate -d 'Client certificate file' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -l client-key -d 'Private key file' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -l certificate-authority -d 'CA file to verify the API server with' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -l as -d 'User to act as' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -l as-group -d 'Group to act as (repeatable)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -l as-uid -d 'User ID to act as' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -l as-user-extra -d 'Extra field to act with (repeatable)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -l request-timeout -d 'How long one exchange with a server may take, such as 1s, 2m or 3h; 0 means no limit' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -l tls-server-name -d 'Name to verify the API server\'s certificate against' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -l insecure-skip-tls-verify -d 'Don\'t verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -l profile -d 'Profile of the credentials file; no other source is used' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -l profile-file -d 'Credentials file, instead of ~/.aliyun/config.json' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -l role-arn -d 'Role to assume with the credentials' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -l region -d 'Region of the cluster; with --all-clusters, only the clusters of this region' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -l cs-endpoint -d 'Endpoint of Container Service, a host with or without port, or a URL [env: ACKCRED_CS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -l ram-endpoint -d 'Endpoint of Resource Access Management [env: ACKCRED_RAM_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -l sts-endpoint -d 'Endpoint of Security Token Service [env: ACKCRED_STS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -l ims-endpoint -d 'Endpoint of Identity Management Service [env: ACKCRED_IMS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -s o -l output -d 'Format of the result' -r -f -a "table\t'Columns'
wide\t'More columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'Names only, one a line'
csv\t'Comma-separated values'
prometheus\t'Metrics for node_exporter\'s textfile collector'
html\t'One page for a browser'
jsonpath=\t'What a template makes of the JSON document'
jsonpath-as-json=\t'What a template finds in the JSON document, as JSON'
jsonpath-file=\t'As jsonpath, with the template in a file'
custom-columns=\t'HEADER:PATH for each column'
custom-columns-file=\t'As custom-columns, with headers and paths in a file'"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -l no-headers -d 'Leave out the header line of tables and CSV' -r -f -a "true\t''
false\t''"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -s v -d 'Log what is done to standard error; repeat it, or give a number, for more' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -l in-cluster -d 'Use the service account of the pod that this runs in'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -l offline -d 'Don\'t contact the cloud; with whoami, don\'t contact the API server either'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -l ignore-env-credentials -d 'Don\'t take credentials from environment variables'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -l vpc -d 'Use the endpoints inside the VPC'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -s q -l quiet -d 'Write only errors and warnings to standard error'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand whoami" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -l within -d 'Show a credential as Expiring from this long before its end' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -l max-lifetime -d 'Show a credential as LongLived if its lifetime is longer than this' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -l fail-on -d 'Exit with 3 when a credential has one of these statuses (comma-separated)' -r -f -a "invalid\t''
missing\t''
expired\t''
notyetvalid\t''
expiring\t''
longlived\t''
static\t''
effective\t''
dynamic\t''"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -l kubeconfig -d 'Kubeconfig file to use, instead of KUBECONFIG and ~/.kube/config' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -l context -d 'Context to use (repeatable for scan, status and revoke)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -l cluster -d 'Cluster entry to use' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -l user -d 'User entry to use' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -l token -d 'Bearer token' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -l client-certificate -d 'Client certificate file' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -l client-key -d 'Private key file' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -l certificate-authority -d 'CA file to verify the API server with' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -l as -d 'User to act as' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -l as-group -d 'Group to act as (repeatable)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -l as-uid -d 'User ID to act as' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -l as-user-extra -d 'Extra field to act with (repeatable)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -l request-timeout -d 'How long one exchange with a server may take, such as 1s, 2m or 3h; 0 means no limit' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -l tls-server-name -d 'Name to verify the API server\'s certificate against' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -l insecure-skip-tls-verify -d 'Don\'t verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -l profile -d 'Profile of the credentials file; no other source is used' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -l profile-file -d 'Credentials file, instead of ~/.aliyun/config.json' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -l role-arn -d 'Role to assume with the credentials' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -l region -d 'Region of the cluster; with --all-clusters, only the clusters of this region' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -l cs-endpoint -d 'Endpoint of Container Service, a host with or without port, or a URL [env: ACKCRED_CS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -l ram-endpoint -d 'Endpoint of Resource Access Management [env: ACKCRED_RAM_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -l sts-endpoint -d 'Endpoint of Security Token Service [env: ACKCRED_STS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -l ims-endpoint -d 'Endpoint of Identity Management Service [env: ACKCRED_IMS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -s o -l output -d 'Format of the result' -r -f -a "table\t'Columns'
wide\t'More columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'Names only, one a line'
csv\t'Comma-separated values'
prometheus\t'Metrics for node_exporter\'s textfile collector'
html\t'One page for a browser'
jsonpath=\t'What a template makes of the JSON document'
jsonpath-as-json=\t'What a template finds in the JSON document, as JSON'
jsonpath-file=\t'As jsonpath, with the template in a file'
custom-columns=\t'HEADER:PATH for each column'
custom-columns-file=\t'As custom-columns, with headers and paths in a file'"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -l no-headers -d 'Leave out the header line of tables and CSV' -r -f -a "true\t''
false\t''"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -s v -d 'Log what is done to standard error; repeat it, or give a number, for more' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -s A -l all-contexts -d 'Read every context'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -l offline -d 'Don\'t contact the cloud; with whoami, don\'t contact the API server either'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -l ignore-env-credentials -d 'Don\'t take credentials from environment variables'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -l vpc -d 'Use the endpoints inside the VPC'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -s q -l quiet -d 'Write only errors and warnings to standard error'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand expiry" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l uid -d 'Show these identities only (repeatable, or comma-separated)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l state -d 'Show identities in these states only (repeatable, or comma-separated)' -r -f -a "deleted\t''
recycled\t''
unknown\t''
frozen\t''
active\t''"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -s n -l namespace -d 'Read the RoleBindings of this namespace only' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -s A -l all-namespaces -d 'Read the RoleBindings of all namespaces, which is the default' -r -f -a "true\t''
false\t''"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l fail-on -d 'Exit with 3 when a shown identity is in one of these states (comma-separated)' -r -f -a "deleted\t'The identity is deleted'
recycled\t'The identity is in the recycle bin'
unknown\t'Whether the identity exists is unknown'
orphaned\t'Deleted or recycled'"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l cluster-id -d 'The cluster with this ID, by the context that leads to it (repeatable, or comma-separated)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l parallel -d 'How many clusters are read, and how many steps carried out, at a time' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l cluster-timeout -d 'How long each of several clusters may take, and how long to wait for another operation in a cluster [default: 60s] and for a busy cloud [default: 120s]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l kubeconfig -d 'Kubeconfig file to use, instead of KUBECONFIG and ~/.kube/config' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l context -d 'Context to use (repeatable for scan, status and revoke)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l cluster -d 'Cluster entry to use' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l user -d 'User entry to use' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l token -d 'Bearer token' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l client-certificate -d 'Client certificate file' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l client-key -d 'Private key file' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l certificate-authority -d 'CA file to verify the API server with' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l as -d 'User to act as' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l as-group -d 'Group to act as (repeatable)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l as-uid -d 'User ID to act as' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l as-user-extra -d 'Extra field to act with (repeatable)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l request-timeout -d 'How long one exchange with a server may take, such as 1s, 2m or 3h; 0 means no limit' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l tls-server-name -d 'Name to verify the API server\'s certificate against' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l insecure-skip-tls-verify -d 'Don\'t verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l profile -d 'Profile of the credentials file; no other source is used' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l profile-file -d 'Credentials file, instead of ~/.aliyun/config.json' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l role-arn -d 'Role to assume with the credentials' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l region -d 'Region of the cluster; with --all-clusters, only the clusters of this region' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l cs-endpoint -d 'Endpoint of Container Service, a host with or without port, or a URL [env: ACKCRED_CS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l ram-endpoint -d 'Endpoint of Resource Access Management [env: ACKCRED_RAM_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l sts-endpoint -d 'Endpoint of Security Token Service [env: ACKCRED_STS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l ims-endpoint -d 'Endpoint of Identity Management Service [env: ACKCRED_IMS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -s o -l output -d 'Format of the result' -r -f -a "table\t'Columns'
wide\t'More columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'Names only, one a line'
csv\t'Comma-separated values'
prometheus\t'Metrics for node_exporter\'s textfile collector'
html\t'One page for a browser'
jsonpath=\t'What a template makes of the JSON document'
jsonpath-as-json=\t'What a template finds in the JSON document, as JSON'
jsonpath-file=\t'As jsonpath, with the template in a file'
custom-columns=\t'HEADER:PATH for each column'
custom-columns-file=\t'As custom-columns, with headers and paths in a file'"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l no-headers -d 'Leave out the header line of tables and CSV' -r -f -a "true\t''
false\t''"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -s v -d 'Log what is done to standard error; repeat it, or give a number, for more' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l all-users -d 'Show living identities, too: Active and Frozen'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l in-cluster -d 'Use the service account of the pod that this runs in'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l all-contexts -d 'The clusters of all contexts'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l all-clusters -d 'All clusters of the account that its policies show you, by the contexts that lead to them'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l temporary-credentials -d 'Let the cloud issue a kubeconfig for a cluster that no context leads to, valid for 15 minutes and kept only in memory'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l offline -d 'Don\'t contact the cloud; with whoami, don\'t contact the API server either'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l ignore-env-credentials -d 'Don\'t take credentials from environment variables'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -l vpc -d 'Use the endpoints inside the VPC'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -s q -l quiet -d 'Write only errors and warnings to standard error'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand scan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l cluster-id -d 'The cluster with this ID, by the context that leads to it (repeatable, or comma-separated)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l parallel -d 'How many clusters are read, and how many steps carried out, at a time' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l cluster-timeout -d 'How long each of several clusters may take, and how long to wait for another operation in a cluster [default: 60s] and for a busy cloud [default: 120s]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l kubeconfig -d 'Kubeconfig file to use, instead of KUBECONFIG and ~/.kube/config' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l context -d 'Context to use (repeatable for scan, status and revoke)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l cluster -d 'Cluster entry to use' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l user -d 'User entry to use' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l token -d 'Bearer token' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l client-certificate -d 'Client certificate file' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l client-key -d 'Private key file' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l certificate-authority -d 'CA file to verify the API server with' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l as -d 'User to act as' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l as-group -d 'Group to act as (repeatable)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l as-uid -d 'User ID to act as' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l as-user-extra -d 'Extra field to act with (repeatable)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l request-timeout -d 'How long one exchange with a server may take, such as 1s, 2m or 3h; 0 means no limit' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l tls-server-name -d 'Name to verify the API server\'s certificate against' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l insecure-skip-tls-verify -d 'Don\'t verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l profile -d 'Profile of the credentials file; no other source is used' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l profile-file -d 'Credentials file, instead of ~/.aliyun/config.json' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l role-arn -d 'Role to assume with the credentials' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l region -d 'Region of the cluster; with --all-clusters, only the clusters of this region' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l cs-endpoint -d 'Endpoint of Container Service, a host with or without port, or a URL [env: ACKCRED_CS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l ram-endpoint -d 'Endpoint of Resource Access Management [env: ACKCRED_RAM_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l sts-endpoint -d 'Endpoint of Security Token Service [env: ACKCRED_STS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l ims-endpoint -d 'Endpoint of Identity Management Service [env: ACKCRED_IMS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -s o -l output -d 'Format of the result' -r -f -a "table\t'Columns'
wide\t'More columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'Names only, one a line'
csv\t'Comma-separated values'
prometheus\t'Metrics for node_exporter\'s textfile collector'
html\t'One page for a browser'
jsonpath=\t'What a template makes of the JSON document'
jsonpath-as-json=\t'What a template finds in the JSON document, as JSON'
jsonpath-file=\t'As jsonpath, with the template in a file'
custom-columns=\t'HEADER:PATH for each column'
custom-columns-file=\t'As custom-columns, with headers and paths in a file'"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l no-headers -d 'Leave out the header line of tables and CSV' -r -f -a "true\t''
false\t''"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -s v -d 'Log what is done to standard error; repeat it, or give a number, for more' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l activity -d 'Search the audit log of the last 7 days for each identity\'s access'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l in-cluster -d 'Use the service account of the pod that this runs in'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l all-contexts -d 'The clusters of all contexts'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l all-clusters -d 'All clusters of the account that its policies show you, by the contexts that lead to them'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l temporary-credentials -d 'Let the cloud issue a kubeconfig for a cluster that no context leads to, valid for 15 minutes and kept only in memory'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l offline -d 'Don\'t contact the cloud; with whoami, don\'t contact the API server either'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l ignore-env-credentials -d 'Don\'t take credentials from environment variables'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -l vpc -d 'Use the endpoints inside the VPC'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -s q -l quiet -d 'Write only errors and warnings to standard error'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -s f -l filename -d 'The identity that the certificate of this kubeconfig file names; the file is sent nowhere but to your own server' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l leaked-context -d 'Context of that file, where it has several' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l plan -d 'Carry out this plan (from --dry-run -o json) if a plan made now is the same' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l resume -d 'Resume an interrupted operation' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l dry-run -d 'Only show the plan: client only reads; server also checks every step by a dry run of the API server' -r -f -a "none\t'Carry the plan out'
client\t'Read, and show the plan'
server\t'Have the API server check every step, and show the plan'"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l accept-group-grant -d 'A binding of a group that may stay, as scan writes it (repeatable)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l also-name -d 'A user name that resembles the identity\'s and is its own: revoke it, too (repeatable)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l accept-name -d 'A user name that resembles the identity\'s and is another\'s: it stays and is no finding (repeatable)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l reason -d 'Reason, for the record' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l settle -d 'How long to watch whether access comes back; 0 to not watch [default: 2s, or 15s if a controller manages a binding]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l cluster-id -d 'The cluster with this ID, by the context that leads to it (repeatable, or comma-separated)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l parallel -d 'How many clusters are read, and how many steps carried out, at a time' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l cluster-timeout -d 'How long each of several clusters may take, and how long to wait for another operation in a cluster [default: 60s] and for a busy cloud [default: 120s]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l kubeconfig -d 'Kubeconfig file to use, instead of KUBECONFIG and ~/.kube/config' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l context -d 'Context to use (repeatable for scan, status and revoke)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l cluster -d 'Cluster entry to use' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l user -d 'User entry to use' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l token -d 'Bearer token' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l client-certificate -d 'Client certificate file' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l client-key -d 'Private key file' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l certificate-authority -d 'CA file to verify the API server with' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l as -d 'User to act as' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l as-group -d 'Group to act as (repeatable)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l as-uid -d 'User ID to act as' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l as-user-extra -d 'Extra field to act with (repeatable)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l request-timeout -d 'How long one exchange with a server may take, such as 1s, 2m or 3h; 0 means no limit' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l tls-server-name -d 'Name to verify the API server\'s certificate against' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l insecure-skip-tls-verify -d 'Don\'t verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l profile -d 'Profile of the credentials file; no other source is used' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l profile-file -d 'Credentials file, instead of ~/.aliyun/config.json' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l role-arn -d 'Role to assume with the credentials' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l region -d 'Region of the cluster; with --all-clusters, only the clusters of this region' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l cs-endpoint -d 'Endpoint of Container Service, a host with or without port, or a URL [env: ACKCRED_CS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l ram-endpoint -d 'Endpoint of Resource Access Management [env: ACKCRED_RAM_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l sts-endpoint -d 'Endpoint of Security Token Service [env: ACKCRED_STS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l ims-endpoint -d 'Endpoint of Identity Management Service [env: ACKCRED_IMS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -s o -l output -d 'Format of the result' -r -f -a "table\t'Columns'
wide\t'More columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'Names only, one a line'
csv\t'Comma-separated values'
prometheus\t'Metrics for node_exporter\'s textfile collector'
html\t'One page for a browser'
jsonpath=\t'What a template makes of the JSON document'
jsonpath-as-json=\t'What a template finds in the JSON document, as JSON'
jsonpath-file=\t'As jsonpath, with the template in a file'
custom-columns=\t'HEADER:PATH for each column'
custom-columns-file=\t'As custom-columns, with headers and paths in a file'"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l no-headers -d 'Leave out the header line of tables and CSV' -r -f -a "true\t''
false\t''"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -s v -d 'Log what is done to standard error; repeat it, or give a number, for more' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l all-deleted -d 'Every identity that ACK reports as deleted and that holds a binding or a kubeconfig here'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l accept-inferred -d 'Include identities whose deletion is inferred from complete lists'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -s y -l yes -d 'Don\'t ask for consent'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l force -d 'Revoke although the identity was active in the last 7 days, or that is unknown'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l rbac-only -d 'Change only the bindings, nothing in the cloud'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l leave-no-admin -d 'Revoke although no identity would hold full rights afterwards'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l in-cluster -d 'Refused: a pod\'s service account can\'t revoke'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l all-contexts -d 'The clusters of all contexts'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l all-clusters -d 'All clusters of the account that its policies show you, by the contexts that lead to them'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l temporary-credentials -d 'Let the cloud issue a kubeconfig for a cluster that no context leads to, valid for 15 minutes and kept only in memory'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l offline -d 'Don\'t contact the cloud; with whoami, don\'t contact the API server either'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l ignore-env-credentials -d 'Don\'t take credentials from environment variables'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -l vpc -d 'Use the endpoints inside the VPC'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -s q -l quiet -d 'Write only errors and warnings to standard error'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand revoke" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l rearm -d 'Let a leaked credential of this name work again (repeatable)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l reason -d 'Reason, for the record' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l cluster-id -d 'Restore only in this cluster (repeatable, or comma-separated)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l cluster-timeout -d 'How long to wait for another operation in the same cluster' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l kubeconfig -d 'Kubeconfig file to use, instead of KUBECONFIG and ~/.kube/config' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l context -d 'Context to use (repeatable for scan, status and revoke)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l cluster -d 'Cluster entry to use' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l user -d 'User entry to use' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l token -d 'Bearer token' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l client-certificate -d 'Client certificate file' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l client-key -d 'Private key file' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l certificate-authority -d 'CA file to verify the API server with' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l as -d 'User to act as' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l as-group -d 'Group to act as (repeatable)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l as-uid -d 'User ID to act as' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l as-user-extra -d 'Extra field to act with (repeatable)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l request-timeout -d 'How long one exchange with a server may take, such as 1s, 2m or 3h; 0 means no limit' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l tls-server-name -d 'Name to verify the API server\'s certificate against' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l insecure-skip-tls-verify -d 'Don\'t verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l profile -d 'Profile of the credentials file; no other source is used' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l profile-file -d 'Credentials file, instead of ~/.aliyun/config.json' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l role-arn -d 'Role to assume with the credentials' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l region -d 'Region of the cluster; with --all-clusters, only the clusters of this region' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l cs-endpoint -d 'Endpoint of Container Service, a host with or without port, or a URL [env: ACKCRED_CS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l ram-endpoint -d 'Endpoint of Resource Access Management [env: ACKCRED_RAM_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l sts-endpoint -d 'Endpoint of Security Token Service [env: ACKCRED_STS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l ims-endpoint -d 'Endpoint of Identity Management Service [env: ACKCRED_IMS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -s o -l output -d 'Format of the result' -r -f -a "table\t'Columns'
wide\t'More columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'Names only, one a line'
csv\t'Comma-separated values'
prometheus\t'Metrics for node_exporter\'s textfile collector'
html\t'One page for a browser'
jsonpath=\t'What a template makes of the JSON document'
jsonpath-as-json=\t'What a template finds in the JSON document, as JSON'
jsonpath-file=\t'As jsonpath, with the template in a file'
custom-columns=\t'HEADER:PATH for each column'
custom-columns-file=\t'As custom-columns, with headers and paths in a file'"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l no-headers -d 'Leave out the header line of tables and CSV' -r -f -a "true\t''
false\t''"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -s v -d 'Log what is done to standard error; repeat it, or give a number, for more' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l dry-run -d 'Only show what would be restored'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -s y -l yes -d 'Don\'t ask for consent'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l force -d 'Restore although the identity is deleted, recycled or unknown'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l accept-role-change -d 'Restore although a role was replaced, or allows something else by now'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l temporary-credentials -d 'Let the cloud issue a kubeconfig for a cluster that no context leads to, valid for 15 minutes and kept only in memory'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l offline -d 'Don\'t contact the cloud; with whoami, don\'t contact the API server either'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l ignore-env-credentials -d 'Don\'t take credentials from environment variables'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -l vpc -d 'Use the endpoints inside the VPC'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -s q -l quiet -d 'Write only errors and warnings to standard error'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -l kubeconfig -d 'Kubeconfig file to use, instead of KUBECONFIG and ~/.kube/config' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -l context -d 'Context to use (repeatable for scan, status and revoke)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -l cluster -d 'Cluster entry to use' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -l user -d 'User entry to use' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -l token -d 'Bearer token' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -l client-certificate -d 'Client certificate file' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -l client-key -d 'Private key file' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -l certificate-authority -d 'CA file to verify the API server with' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -l as -d 'User to act as' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -l as-group -d 'Group to act as (repeatable)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -l as-uid -d 'User ID to act as' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -l as-user-extra -d 'Extra field to act with (repeatable)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -l request-timeout -d 'How long one exchange with a server may take, such as 1s, 2m or 3h; 0 means no limit' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -l tls-server-name -d 'Name to verify the API server\'s certificate against' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -l insecure-skip-tls-verify -d 'Don\'t verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -l profile -d 'Profile of the credentials file; no other source is used' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -l profile-file -d 'Credentials file, instead of ~/.aliyun/config.json' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -l role-arn -d 'Role to assume with the credentials' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -l region -d 'Region of the cluster; with --all-clusters, only the clusters of this region' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -l cs-endpoint -d 'Endpoint of Container Service, a host with or without port, or a URL [env: ACKCRED_CS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -l ram-endpoint -d 'Endpoint of Resource Access Management [env: ACKCRED_RAM_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -l sts-endpoint -d 'Endpoint of Security Token Service [env: ACKCRED_STS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -l ims-endpoint -d 'Endpoint of Identity Management Service [env: ACKCRED_IMS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -s o -l output -d 'Format of the result' -r -f -a "table\t'Columns'
wide\t'More columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'Names only, one a line'
csv\t'Comma-separated values'
prometheus\t'Metrics for node_exporter\'s textfile collector'
html\t'One page for a browser'
jsonpath=\t'What a template makes of the JSON document'
jsonpath-as-json=\t'What a template finds in the JSON document, as JSON'
jsonpath-file=\t'As jsonpath, with the template in a file'
custom-columns=\t'HEADER:PATH for each column'
custom-columns-file=\t'As custom-columns, with headers and paths in a file'"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -l no-headers -d 'Leave out the header line of tables and CSV' -r -f -a "true\t''
false\t''"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -s v -d 'Log what is done to standard error; repeat it, or give a number, for more' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -l offline -d 'Don\'t contact the cloud; with whoami, don\'t contact the API server either'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -l ignore-env-credentials -d 'Don\'t take credentials from environment variables'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -l vpc -d 'Use the endpoints inside the VPC'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -s q -l quiet -d 'Write only errors and warnings to standard error'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand history" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -l kubeconfig -d 'Kubeconfig file to use, instead of KUBECONFIG and ~/.kube/config' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -l context -d 'Context to use (repeatable for scan, status and revoke)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -l cluster -d 'Cluster entry to use' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -l user -d 'User entry to use' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -l token -d 'Bearer token' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -l client-certificate -d 'Client certificate file' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -l client-key -d 'Private key file' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -l certificate-authority -d 'CA file to verify the API server with' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -l as -d 'User to act as' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -l as-group -d 'Group to act as (repeatable)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -l as-uid -d 'User ID to act as' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -l as-user-extra -d 'Extra field to act with (repeatable)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -l request-timeout -d 'How long one exchange with a server may take, such as 1s, 2m or 3h; 0 means no limit' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -l tls-server-name -d 'Name to verify the API server\'s certificate against' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -l insecure-skip-tls-verify -d 'Don\'t verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -l profile -d 'Profile of the credentials file; no other source is used' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -l profile-file -d 'Credentials file, instead of ~/.aliyun/config.json' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -l role-arn -d 'Role to assume with the credentials' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -l region -d 'Region of the cluster; with --all-clusters, only the clusters of this region' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -l cs-endpoint -d 'Endpoint of Container Service, a host with or without port, or a URL [env: ACKCRED_CS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -l ram-endpoint -d 'Endpoint of Resource Access Management [env: ACKCRED_RAM_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -l sts-endpoint -d 'Endpoint of Security Token Service [env: ACKCRED_STS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -l ims-endpoint -d 'Endpoint of Identity Management Service [env: ACKCRED_IMS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -s o -l output -d 'Format of the result' -r -f -a "table\t'Columns'
wide\t'More columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'Names only, one a line'
csv\t'Comma-separated values'
prometheus\t'Metrics for node_exporter\'s textfile collector'
html\t'One page for a browser'
jsonpath=\t'What a template makes of the JSON document'
jsonpath-as-json=\t'What a template finds in the JSON document, as JSON'
jsonpath-file=\t'As jsonpath, with the template in a file'
custom-columns=\t'HEADER:PATH for each column'
custom-columns-file=\t'As custom-columns, with headers and paths in a file'"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -l no-headers -d 'Leave out the header line of tables and CSV' -r -f -a "true\t''
false\t''"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -s v -d 'Log what is done to standard error; repeat it, or give a number, for more' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -l offline -d 'Don\'t contact the cloud; with whoami, don\'t contact the API server either'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -l ignore-env-credentials -d 'Don\'t take credentials from environment variables'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -l vpc -d 'Use the endpoints inside the VPC'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -s q -l quiet -d 'Write only errors and warnings to standard error'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand completion" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -l kubeconfig -d 'Kubeconfig file to use, instead of KUBECONFIG and ~/.kube/config' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -l context -d 'Context to use (repeatable for scan, status and revoke)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -l cluster -d 'Cluster entry to use' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -l user -d 'User entry to use' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -l token -d 'Bearer token' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -l client-certificate -d 'Client certificate file' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -l client-key -d 'Private key file' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -l certificate-authority -d 'CA file to verify the API server with' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -l as -d 'User to act as' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -l as-group -d 'Group to act as (repeatable)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -l as-uid -d 'User ID to act as' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -l as-user-extra -d 'Extra field to act with (repeatable)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -l request-timeout -d 'How long one exchange with a server may take, such as 1s, 2m or 3h; 0 means no limit' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -l tls-server-name -d 'Name to verify the API server\'s certificate against' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -l insecure-skip-tls-verify -d 'Don\'t verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -l profile -d 'Profile of the credentials file; no other source is used' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -l profile-file -d 'Credentials file, instead of ~/.aliyun/config.json' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -l role-arn -d 'Role to assume with the credentials' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -l region -d 'Region of the cluster; with --all-clusters, only the clusters of this region' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -l cs-endpoint -d 'Endpoint of Container Service, a host with or without port, or a URL [env: ACKCRED_CS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -l ram-endpoint -d 'Endpoint of Resource Access Management [env: ACKCRED_RAM_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -l sts-endpoint -d 'Endpoint of Security Token Service [env: ACKCRED_STS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -l ims-endpoint -d 'Endpoint of Identity Management Service [env: ACKCRED_IMS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -s o -l output -d 'Format of the result' -r -f -a "table\t'Columns'
wide\t'More columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'Names only, one a line'
csv\t'Comma-separated values'
prometheus\t'Metrics for node_exporter\'s textfile collector'
html\t'One page for a browser'
jsonpath=\t'What a template makes of the JSON document'
jsonpath-as-json=\t'What a template finds in the JSON document, as JSON'
jsonpath-file=\t'As jsonpath, with the template in a file'
custom-columns=\t'HEADER:PATH for each column'
custom-columns-file=\t'As custom-columns, with headers and paths in a file'"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -l no-headers -d 'Leave out the header line of tables and CSV' -r -f -a "true\t''
false\t''"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -s v -d 'Log what is done to standard error; repeat it, or give a number, for more' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -l offline -d 'Don\'t contact the cloud; with whoami, don\'t contact the API server either'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -l ignore-env-credentials -d 'Don\'t take credentials from environment variables'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -l vpc -d 'Use the endpoints inside the VPC'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -s q -l quiet -d 'Write only errors and warnings to standard error'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand options" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -l kubeconfig -d 'Kubeconfig file to use, instead of KUBECONFIG and ~/.kube/config' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -l context -d 'Context to use (repeatable for scan, status and revoke)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -l cluster -d 'Cluster entry to use' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -l user -d 'User entry to use' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -l token -d 'Bearer token' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -l client-certificate -d 'Client certificate file' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -l client-key -d 'Private key file' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -l certificate-authority -d 'CA file to verify the API server with' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -l as -d 'User to act as' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -l as-group -d 'Group to act as (repeatable)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -l as-uid -d 'User ID to act as' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -l as-user-extra -d 'Extra field to act with (repeatable)' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -l request-timeout -d 'How long one exchange with a server may take, such as 1s, 2m or 3h; 0 means no limit' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -l tls-server-name -d 'Name to verify the API server\'s certificate against' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -l insecure-skip-tls-verify -d 'Don\'t verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -l profile -d 'Profile of the credentials file; no other source is used' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -l profile-file -d 'Credentials file, instead of ~/.aliyun/config.json' -r -F
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -l role-arn -d 'Role to assume with the credentials' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -l region -d 'Region of the cluster; with --all-clusters, only the clusters of this region' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -l cs-endpoint -d 'Endpoint of Container Service, a host with or without port, or a URL [env: ACKCRED_CS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -l ram-endpoint -d 'Endpoint of Resource Access Management [env: ACKCRED_RAM_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -l sts-endpoint -d 'Endpoint of Security Token Service [env: ACKCRED_STS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -l ims-endpoint -d 'Endpoint of Identity Management Service [env: ACKCRED_IMS_ENDPOINT]' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -s o -l output -d 'Format of the result' -r -f -a "table\t'Columns'
wide\t'More columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'Names only, one a line'
csv\t'Comma-separated values'
prometheus\t'Metrics for node_exporter\'s textfile collector'
html\t'One page for a browser'
jsonpath=\t'What a template makes of the JSON document'
jsonpath-as-json=\t'What a template finds in the JSON document, as JSON'
jsonpath-file=\t'As jsonpath, with the template in a file'
custom-columns=\t'HEADER:PATH for each column'
custom-columns-file=\t'As custom-columns, with headers and paths in a file'"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -l no-headers -d 'Leave out the header line of tables and CSV' -r -f -a "true\t''
false\t''"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -s v -d 'Log what is done to standard error; repeat it, or give a number, for more' -r
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -l offline -d 'Don\'t contact the cloud; with whoami, don\'t contact the API server either'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -l ignore-env-credentials -d 'Don\'t take credentials from environment variables'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -l vpc -d 'Use the endpoints inside the VPC'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -s q -l quiet -d 'Write only errors and warnings to standard error'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand version" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand help; and not __fish_seen_subcommand_from whoami expiry scan status revoke restore history completion options version help" -f -a "whoami" -d 'Show whose credential this is, and for which cluster'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand help; and not __fish_seen_subcommand_from whoami expiry scan status revoke restore history completion options version help" -f -a "expiry" -d 'List when credentials expire, and which never do'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand help; and not __fish_seen_subcommand_from whoami expiry scan status revoke restore history completion options version help" -f -a "scan" -d 'List who holds access to the cluster, and whether they still exist'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand help; and not __fish_seen_subcommand_from whoami expiry scan status revoke restore history completion options version help" -f -a "status" -d 'List the state of issued kubeconfigs, of a cluster or of an identity'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand help; and not __fish_seen_subcommand_from whoami expiry scan status revoke restore history completion options version help" -f -a "revoke" -d 'Revoke an identity\'s access to the cluster, and prove that it is gone'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand help; and not __fish_seen_subcommand_from whoami expiry scan status revoke restore history completion options version help" -f -a "restore" -d 'Restore what a revocation removed'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand help; and not __fish_seen_subcommand_from whoami expiry scan status revoke restore history completion options version help" -f -a "history" -d 'List the revocations and restores that were made from this machine'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand help; and not __fish_seen_subcommand_from whoami expiry scan status revoke restore history completion options version help" -f -a "completion" -d 'Print a completion script for a shell'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand help; and not __fish_seen_subcommand_from whoami expiry scan status revoke restore history completion options version help" -f -a "options" -d 'List the flags that many commands take'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand help; and not __fish_seen_subcommand_from whoami expiry scan status revoke restore history completion options version help" -f -a "version" -d 'Print the version'
complete -c kubectl-ackcred -n "__fish_kubectl_ackcred_using_subcommand help; and not __fish_seen_subcommand_from whoami expiry scan status revoke restore history completion options version help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
