#!/usr/bin/env bash
# Against a Compose system with a Redis Cluster that is up: the master that keeps a room is killed
# while somebody talks there. Fails if a message is missing, doubled or out of order, or if the killed
# one does not come back as a replica.
#
#   export COMPOSE_FILE=docker-compose.yml:ops/cluster.yml
#   docker compose up -d --build --wait && make install && tests/integration/compose/redis_cluster.sh
set -euo pipefail
cd "$(dirname "$0")/../../.."

export COMPOSE_FILE=docker-compose.yml:ops/cluster.yml CHAT_SETTINGS=/dev/null
chat=.venv/bin/chat
room=cluster-$$
lines=150
servers=$(docker compose config --services | grep '^redis')
heard=$(mktemp)
trap 'kill "${listener-}" "${speaker-}" 2>/dev/null || true; rm "$heard"' EXIT

ask() { # SERVER COMMAND...
    docker compose exec -T "$1" redis-cli "${@:2}" 2>&1 | tr -d '\r'
}

within() { # SECONDS COMMAND...: until it succeeds
    local end=$((SECONDS + $1))
    until "${@:2}"; do
        ((SECONDS < end)) || { echo "not within $1 s: ${*:2}" >&2 && return 1; }
        sleep 0.5
    done
}

complete() { # all servers know all others, and each slot has its master
    local server facts
    for server in $servers; do
        facts=$(ask "$server" cluster info)
        grep -qx cluster_state:ok <<<"$facts" && grep -qx cluster_slots_ok:16384 <<<"$facts" &&
            grep -qx "cluster_known_nodes:$(wc -w <<<"$servers")" <<<"$facts" || return 1
    done
}

find_keeper() { # of the room: any other server says MOVED
    keeper=
    for server in $servers; do
        [[ $(ask "$server" exists "{r:$room}") != 0 ]] || keeper=$server
    done
    [[ $keeper ]]
}

replaced() { find_keeper && [[ $keeper != "$killed" ]]; }

replica() { [[ $(ask "$1" role | head -1) == slave ]]; }

heard_of() { grep -q "$1" "$heard"; }

within 10 complete
# A second time it finds the cluster, and changes nothing.
docker compose run --rm cluster-init
complete
docker compose exec -T node chat-node status

"$chat" --listen --json --nick "listener-$$" --room "$room" localhost:9999 >"$heard" &
listener=$!
within 15 heard_of '"joined"'
for ((line = 1; line <= lines; line++)); do
    echo "line $line"
    sleep 0.2
done | timeout 90 "$chat" --nick "speaker-$$" --room "$room" localhost:9999 &
speaker=$!
within 15 heard_of '"line 5"'

find_keeper
killed=$keeper
began=$SECONDS
docker compose kill "$killed"
within 30 replaced
echo "killed: $killed; in its place after $((SECONDS - began)) s: $keeper"
docker compose start "$killed"
within 30 replica "$killed"

wait "$speaker"
within 15 heard_of "\"line $lines\""
diff <(seq -f '"line %g"' "$lines") <(grep -o '"line [0-9]*"' "$heard")
within 30 complete
echo "heard: $lines lines, each once and in order"
