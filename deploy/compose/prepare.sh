#!/bin/sh
# Creates the users file and the keys if they are missing, and renders Envoy's bootstrap, which envoy.sh watches.
set -eu
users=/var/lib/comfy-tenant/users/users.htpasswd
bootstrap=/run/comfy-tenant/envoy.yaml
[ -e "$users" ] || (umask 077 && : >>"$users")
node /app/dist/main.js key
node /app/dist/main.js envoy --preset "${ENVOY_PRESET:-gateway}" >"$bootstrap.new"
mv "$bootstrap.new" "$bootstrap"
