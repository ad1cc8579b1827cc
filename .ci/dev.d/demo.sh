# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
# shellcheck shell=bash
#
# The demo app of `up`: one app, its API key, and the users alice and bob with a device each. demo.env names them; it is
# made once, and gets fresh tokens at each `up`.

# Runs `parley admin ARGUMENT...`, which prints the id, secret or token that it made.
demo_admin() {
    "$parley" admin "$@" 2>>"$home/log/demo.log"
}

demo_create() {
    local operator_key app_id
    operator_key=$(<"$home/operator.key")
    app_id=$(PARLEY_API_KEY=$operator_key demo_admin create-app Demo) || return
    PARLEY_API_KEY=$(PARLEY_API_KEY=$operator_key demo_admin create-key "$app_id") || return
    export PARLEY_API_KEY
    ALICE_ID=$(demo_admin create-user alice) || return
    ALICE_DEVICE_ID=$(demo_admin create-device "$ALICE_ID") || return
    BOB_ID=$(demo_admin create-user bob) || return
    BOB_DEVICE_ID=$(demo_admin create-device "$BOB_ID") || return
}

# Writes demo.env, whole or not at all.
demo_write() {
    local alice_token bob_token
    export PARLEY_GRPC=127.0.0.1:$grpc_port
    # shellcheck source=/dev/null
    if [[ -e $home/demo.env ]]; then
        source <(grep -E '^export (PARLEY_API_KEY|(ALICE|BOB)_(DEVICE_)?ID)=' "$home/demo.env")
    else
        demo_create || return
    fi
    alice_token=$(demo_admin create-token "$ALICE_ID" "$ALICE_DEVICE_ID") || return
    bob_token=$(demo_admin create-token "$BOB_ID" "$BOB_DEVICE_ID") || return
    (umask 077 && cat >"$home/demo.env.new") <<END && mv "$home/demo.env.new" "$home/demo.env"
export PARLEY_GRPC=$PARLEY_GRPC
export PARLEY_REST=http://127.0.0.1:$rest_port
export PARLEY_API_KEY=$PARLEY_API_KEY
export ALICE_ID=$ALICE_ID
export ALICE_DEVICE_ID=$ALICE_DEVICE_ID
export ALICE_TOKEN=$alice_token
export BOB_ID=$BOB_ID
export BOB_DEVICE_ID=$BOB_DEVICE_ID
export BOB_TOKEN=$bob_token
END
}

demo_print() {
    local env cli generic
    printf -v env %q "$home/demo.env"
    printf -v cli %q "$parley"
    printf -v generic %q "$root/docs/examples/reflection_client.py"
    cat <<END

Parley is ready: gRPC on $PARLEY_GRPC, REST on http://127.0.0.1:$rest_port/v1, metrics on
http://127.0.0.1:$metrics_port/metrics and http://127.0.0.1:$rest_metrics_port/metrics. Paste into two terminals:

  # bob waits for messages
  source $env
  PARLEY_TOKEN=\$BOB_TOKEN $cli tail

  # alice writes to bob, and sees when it has reached his device
  source $env
  PARLEY_TOKEN=\$ALICE_TOKEN $cli send \$BOB_ID "Hello Bob" --wait delivered

  # the same with any gRPC client: this one knows only what reflection tells
  PARLEY_TOKEN=\$ALICE_TOKEN /usr/bin/python3 $generic \$BOB_ID "Hello from Python"

  # with curl alone: a user, its device and token; a group with bob and a message; bob reads it, carol sees the receipt
  source $env
  field() { grep -o "\"\$1\":\"[^\"]*" | head -n 1 | cut -d '"' -f 4; }
  backend="x-api-key: \$PARLEY_API_KEY"
  CAROL_ID=\$(curl -s \$PARLEY_REST/v1/users -H "\$backend" --json "{\"username\": \"carol-\$RANDOM\"}" | field user_id)
  DEVICE_ID=\$(curl -s \$PARLEY_REST/v1/users/\$CAROL_ID/devices -H "\$backend" --json '{"name": "phone"}' | field device_id)
  CAROL_TOKEN=\$(curl -s -X POST \$PARLEY_REST/v1/users/\$CAROL_ID/devices/\$DEVICE_ID/tokens -H "\$backend" | field token)
  carol="authorization: Bearer \$CAROL_TOKEN" bob="authorization: Bearer \$BOB_TOKEN"
  CHAT_ID=\$(curl -s \$PARLEY_REST/v1/chats -H "\$carol" --json "{\"chat_type\": \"group\", \"name\": \"Demo\", \"participants\": [\"\$BOB_ID\"]}" | field chat_id)
  MESSAGE_ID=\$(curl -s \$PARLEY_REST/v1/messages -H "\$carol" --json "{\"chat_id\": \"\$CHAT_ID\", \"content\": \"Hello over REST\"}" | field message_id)
  curl -sw '\n' "\$PARLEY_REST/v1/messages?chat_id=\$CHAT_ID&limit=20" -H "\$bob"
  curl -sw '\n' -X PUT \$PARLEY_REST/v1/messages/\$MESSAGE_ID/read -H "\$bob"
  curl -sw '\n' \$PARLEY_REST/v1/messages/\$MESSAGE_ID/receipts -H "\$carol"

END
}
