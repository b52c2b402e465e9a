#!/bin/sh
# Starts one service of Druid, told by the variables of the image apache/druid: druid_x_y=V sets the property druid.x.y,
# DRUID_XMX, DRUID_XMS, DRUID_MAXDIRECTMEMORYSIZE and JAVA_OPTS are for the JVM, DRUID_LOG_LEVEL for the log.
set -eu
service=${1:-}
arguments=conf/$service.args
if [ -z "$service" ] || [ ! -f "$arguments" ]; then
    echo "error: '$service' is no service of this image; there are coordinator, broker, historical, indexer, router" >&2
    exit 2
fi
shift
case $service in
    coordinator) port=8081 ;;
    broker) port=8082 ;;
    historical) port=8083 ;;
    indexer) port=8091 ;;
    router) port=8888 ;;
esac
echo "${druid_plaintextPort:-$port}" > /tmp/port
mkdir -p var/tmp var/druid/task var/druid/processing var/druid/segment-cache
# Of two lines for one property the later counts.
{
    echo "druid.service=druid/$service"
    echo "druid.plaintextPort=$port"
    [ "${DRUID_SET_HOST:-1}" != 1 ] || echo "druid.host=$(hostname -i | cut -d' ' -f1)"
    awk 'BEGIN { for (name in ENVIRON) if (name ~ /^druid_/) { key = name; gsub(/_/, ".", key); print key "=" ENVIRON[name] } }'
    # Extensions lie on the classpath and load by themselves; a list would be looked for in directories.
    echo "druid.extensions.loadList=[]"
} > /tmp/runtime.properties
# shellcheck disable=SC2086 - options are words
exec java "@$arguments" "-Xmx${DRUID_XMX:-512m}" "-Xms${DRUID_XMS:-64m}" \
    "-XX:MaxDirectMemorySize=${DRUID_MAXDIRECTMEMORYSIZE:-512m}" "-Dfrontrow.log.level=${DRUID_LOG_LEVEL:-info}" \
    ${JAVA_OPTS:-} -Ddruid.properties.file=/tmp/runtime.properties \
    org.apache.druid.cli.Main server "$service" "$@"
