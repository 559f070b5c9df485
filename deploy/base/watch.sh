#!/bin/sh
# Leaves what `scan` and `expiry` find, or `verify` where there are records of revocations, as Prometheus text in a folder, and hands it
# to a pushgateway where there is one.
set -u
metrics=${WATCH_METRICS:-/metrics}
kubeconfigs=${WATCH_KUBECONFIGS:-/kubeconfigs}
failed=0

# watch NAME ARGUMENT…: 0 (done), 3 (findings) and 4 (incomplete) have a result, and the metrics say which; nothing else has.
watch() {
    name=$1
    shift
    kubectl-ackcred "$@" --output prometheus >"$metrics/.$name.new"
    code=$?
    case $code in
        0 | 3 | 4) mv "$metrics/.$name.new" "$metrics/ackcred-$name.prom" ;;
        *)
            rm -f "$metrics/.$name.new"
            echo "kubectl-ackcred $* ended with $code" >&2
            failed=1
            return
            ;;
    esac
    [ -z "${PUSHGATEWAY_URL:-}" ] && return
    curl --fail --silent --show-error --max-time 30 --retry 3 --upload-file "$metrics/ackcred-$name.prom" \
        "$PUSHGATEWAY_URL/metrics/job/ackcred/verb/$name/instance/${WATCH_INSTANCE:-this-cluster}" || failed=1
}

if [ -n "${ACKCRED_HOME:-}" ]; then
    watch verify verify --all --in-cluster
    exit "$failed"
fi
watch scan scan --in-cluster --all-users
# A mounted Secret has hidden folders of its own besides its files.
set -- "$kubeconfigs"/*
if [ -e "$1" ]; then
    watch expiry expiry "$@"
fi
exit "$failed"
