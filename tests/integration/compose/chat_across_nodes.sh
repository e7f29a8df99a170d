#!/usr/bin/env bash
# Against a Compose system that is up: what is said on one node, or through the front, is heard on
# another, also over WebSocket; and the front serves the page.
#
#   docker compose up -d --build --wait && make install && tests/integration/compose/chat_across_nodes.sh
set -euo pipefail
cd "$(dirname "$0")/../../.."

export CHAT_SETTINGS=/dev/null
chat=.venv/bin/chat
room=compose-$$

address_of() { # INDEX: where that replica is published on this host
    echo "localhost:$(docker compose port --index "$1" node 9999 | sed 's/.*://')"
}

coproc LISTENER { exec "$chat" --listen --json --nick "listener-$$" --room "$room" "$(address_of 1)"; }
listener=$LISTENER_PID
trap 'kill "$listener" ${browser-}' EXIT

hear() { # TEXT: read what the listener prints until a line holds it
    local line
    while read -r -t 15 line <&"${LISTENER[0]}"; do
        [[ $line != *"$1"* ]] || return 0
    done
    echo "never heard: $1" >&2
    return 1
}

hear '"joined"'
for address in "$(address_of 2)" "$(address_of 3)" localhost:9999; do
    echo "said on $address" | timeout 15 "$chat" --nick "speaker-$$" --room "$room" "$address"
    hear "said on $address"
    echo "heard: said on $address"
done

.venv/bin/python tests/integration/compose/web_client.py \
    localhost:8080 "browser-$$" "$room" "said over WebSocket" "said to WebSocket" &
browser=$!
hear "said over WebSocket"
echo "heard: said over WebSocket"
echo "said to WebSocket" | timeout 15 "$chat" --nick "speaker-$$" --room "$room" "$(address_of 1)"
wait "$browser"
browser=
