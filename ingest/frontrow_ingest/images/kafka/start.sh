#!/bin/sh
# Starts Kafka, one node that is broker and controller, told by the variables of the image apache/kafka: KAFKA_X_Y=V sets
# x.y (two underscores are one, three are a hyphen), CLUSTER_ID names the storage, KAFKA_HEAP_OPTS and KAFKA_OPTS are for
# the JVM.
set -eu
data=${KAFKA_LOG_DIRS:-/var/lib/kafka/data}
# Of two lines for one property the later counts.
{
    cat conf/kafka.properties
    echo "log.dirs=$data"
    awk 'BEGIN {
        for (name in ENVIRON) {
            if (name !~ /^KAFKA_/ || name ~ /^KAFKA_(HEAP_OPTS|OPTS|JVM_PERFORMANCE_OPTS|LOG4J_.*|JMX_.*|GC_.*|VERSION)$/) continue
            key = tolower(substr(name, 7))
            gsub(/___/, "\001", key); gsub(/__/, "\002", key); gsub(/_/, ".", key)
            gsub(/\001/, "-", key); gsub(/\002/, "_", key)
            print key "=" ENVIRON[name]
        }
    }'
} > /tmp/server.properties
sed -n 's/^listeners=//p' /tmp/server.properties | tail -n 1 | tr , '\n' | sed 's/.*://' > /tmp/ports
if [ ! -f "$data/meta.properties" ]; then
    java @conf/kafka.args -Xmx256m kafka.tools.StorageTool format -t "${CLUSTER_ID:-ZnJvbnRyb3ctbG9jYWwtMQ}" -c /tmp/server.properties
fi
# shellcheck disable=SC2086 - options are words
exec java @conf/kafka.args ${KAFKA_HEAP_OPTS:--Xmx512m} ${KAFKA_OPTS:-} kafka.Kafka /tmp/server.properties
