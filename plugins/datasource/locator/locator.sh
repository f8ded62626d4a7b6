#!/bin/sh
# Grafana starts this in place of a backend: it prints one go-plugin handshake that points at the Tapewatch sidecar and
# stays alive. The handshake is printed at once, whatever the sidecar's state: Grafana dials until it answers.
# Settings: [plugin.tapewatch-trading-datasource] socket = /path, or address = host:port (Grafana passes GF_PLUGIN_<KEY>);
# else TAPEWATCH_SOCKET of the environment that Grafana was started in.
#
# After a long outage gRPC waits up to two minutes before it dials again. The sidecar writes a new id beside its socket
# each time it listens; when the id changes, this exits and Grafana starts it anew, which dials at once. An id that is
# there at the start is taken as it is, so that a restart follows each start of the sidecar once and never repeats.
# When the id was absent for some seconds the sidecar came up late and gRPC may be waiting too: its first appearance
# counts as a change then, and the next run finds it at its start.
set -u

socket=${GF_PLUGIN_SOCKET:-${TAPEWATCH_SOCKET:-/run/tapewatch/grafana.sock}}
address=${GF_PLUGIN_ADDRESS:-}
grace=3
# Before anything else: once Grafana is gone, the parent is another process.
grafana=$PPID

if [ -n "$address" ]; then
  printf '1|2|tcp|%s|grpc\n' "$address"
else
  printf '1|2|unix|%s|grpc\n' "$socket"
fi

read_id() {
  id=
  if [ -r "$socket.id" ]; then
    # The file may vanish between the test and the read.
    { read -r id <"$socket.id"; } 2>/dev/null || :
  fi
}

read_id
seen=$id
absent=0
while kill -0 "$grafana" 2>/dev/null; do
  # The child must not hold Grafana's pipes open after this shell ended.
  sleep 1 </dev/null >/dev/null 2>&1
  [ -z "$address" ] || continue
  read_id
  if [ -z "$id" ]; then
    [ -n "$seen" ] || absent=$((absent + 1))
  elif [ -z "$seen" ]; then
    [ "$absent" -lt "$grace" ] || exit 0
    seen=$id
  elif [ "$id" != "$seen" ]; then
    exit 0
  fi
done
