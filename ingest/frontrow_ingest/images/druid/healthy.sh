#!/bin/sh
# Whether the service answers that it is healthy.
wget -q -Y off -O - "http://127.0.0.1:$(cat /tmp/port)/status/health" | grep -q true
