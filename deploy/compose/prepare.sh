#!/bin/sh
# Creates the users file if it is missing, and renders Envoy's bootstrap, which envoy.sh watches.
set -eu
users=/var/lib/comfy-tenant/users/users.htpasswd
bootstrap=/run/comfy-tenant/envoy.yaml
[ -e "$users" ] || (umask 077 && : >>"$users")
node /app/dist/main.js envoy --preset "${ENVOY_PRESET:-gateway}" >"$bootstrap.new"
mv "$bootstrap.new" "$bootstrap"
