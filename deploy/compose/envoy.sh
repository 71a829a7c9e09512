#!/bin/sh
# envoy.sh <bootstrap>: runs Envoy and restarts it when its bootstrap changes, which happens only after an upgrade of the image. If
# Envoy rejects the new bootstrap, the running one stays. Changes to comfy-tenant.yaml reach Envoy without a restart.
set -u
bootstrap=$1

start() {
  envoy -c "$bootstrap" --reject-unknown-dynamic-fields &
  pid=$!
}

stop() {
  trap - TERM INT
  kill -TERM "$pid" 2>/dev/null
  wait "$pid"
}

trap 'stop; exit 0' TERM INT
seen=$(cksum <"$bootstrap")
start
while :; do
  sleep 1 &
  wait $!
  kill -0 "$pid" 2>/dev/null || {
    wait "$pid"
    exit $?
  }
  now=$(cksum <"$bootstrap")
  [ "$now" = "$seen" ] && continue
  seen=$now
  if envoy --mode validate -c "$bootstrap" --reject-unknown-dynamic-fields; then
    echo "$bootstrap changed: restarting Envoy" >&2
    stop
    trap 'stop; exit 0' TERM INT
    start
  else
    echo "$bootstrap changed, but Envoy rejected it (reason above); still running with the previous bootstrap" >&2
  fi
done
