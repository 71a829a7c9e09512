#!/bin/bash
# envoy-health.sh <port>: a request without credentials must be answered, and not with 503: then Envoy reaches the service.
exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
printf 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
read -r -t 4 _ status _ <&3 || exit 1
[ "$status" != 503 ]
