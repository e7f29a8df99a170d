#!/usr/bin/env bash
# Against a Compose system that is up: its nodes are restarted one after the other, and then replaced
# by new ones, while clients talk through the front. Fails if a message is missing, somebody is seen
# to leave, or a client is without a connection for more than half a second.
#
#   docker compose up -d --build --wait && make install && tests/integration/compose/rolling_restart.sh
#
# The replaced nodes have higher numbers afterwards (`docker compose ps`).
set -euo pipefail
cd "$(dirname "$0")/../../.."

until_healthy() { # CONTAINER
    for ((second = 0; second < 60; second++)); do
        [[ $(docker inspect -f '{{.State.Health.Status}}' "$1") != healthy ]] || return 0
        sleep 1
    done
    echo "never healthy: $1" >&2
    return 1
}

restart() { # each node, one at a time
    for node in $(docker compose ps -q node); do
        docker restart -t 15 "$node"
        until_healthy "$node"
    done
}

replace() { # all nodes, as for a new image
    local old
    old=$(docker compose ps -q node)
    count=$(wc -w <<<"$old")
    docker compose up -d --no-deps --no-recreate --wait --scale node=$((2 * count)) node
    for node in $old; do
        docker stop -t 15 "$node"
        docker rm "$node"
    done
}

case ${1-all} in
restart | replace) "$1" ;;
all)
    for how in restart replace; do
        echo "$how:"
        .venv/bin/python -m tests.labs.faults.felt localhost:9999 -- "$0" "$how"
    done
    ;;
*)
    echo "usage: $0 [restart | replace]" >&2
    exit 2
    ;;
esac
