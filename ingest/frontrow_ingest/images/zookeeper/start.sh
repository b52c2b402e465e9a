#!/bin/sh
# Starts one ZooKeeper, told by the variables of the official image: ZOO_TICK_TIME, ZOO_MAX_CLIENT_CNXNS,
# ZOO_AUTOPURGE_PURGEINTERVAL, ZOO_ADMINSERVER_ENABLED, ZK_SERVER_HEAP (MiB) and JVMFLAGS.
set -eu
cat > /tmp/zoo.cfg << END
tickTime=${ZOO_TICK_TIME:-2000}
dataDir=/data
dataLogDir=/datalog
clientPort=2181
maxClientCnxns=${ZOO_MAX_CLIENT_CNXNS:-60}
admin.enableServer=${ZOO_ADMINSERVER_ENABLED:-false}
autopurge.purgeInterval=${ZOO_AUTOPURGE_PURGEINTERVAL:-0}
4lw.commands.whitelist=${ZOO_4LW_COMMANDS_WHITELIST:-srvr}
END
# shellcheck disable=SC2086 - options are words
exec java @conf/zookeeper.args "-Xmx${ZK_SERVER_HEAP:-128}m" ${JVMFLAGS:-} \
    org.apache.zookeeper.server.quorum.QuorumPeerMain /tmp/zoo.cfg
