#!/bin/bash
# envoy-health.sh <port>: succeeds if a request without credentials gets a response other than 503,
# which means that Envoy reaches the service.
exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
printf 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
read -r -t 4 _ status _ <&3 || exit 1
[ "$status" != 503 ]
