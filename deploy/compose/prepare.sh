#!/bin/sh
# Creates the users file and the keys if they are missing, and renders the files that Envoy starts with. The service keeps them up to date.
set -eu
users=/var/lib/comfy-tenant/users/users.htpasswd
[ -e "$users" ] || (umask 077 && : >>"$users")
node /app/dist/main.js key
node /app/dist/main.js envoy --preset "${ENVOY_PRESET:-gateway}" --dir /run/envoy
