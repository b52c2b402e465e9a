#!/bin/sh
# Whether ZooKeeper serves.
echo srvr | nc -w 2 127.0.0.1 2181 | grep -q Mode
