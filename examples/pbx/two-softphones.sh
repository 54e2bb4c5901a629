#!/usr/bin/env bash
# Two softphones without a sound card: baresip as Anna calls baresip as Bruno through the running PBX. Each
# plays a recording as its microphone and keeps what it heard as a WAV file.
#
#   examples/pbx/two-softphones.sh [FOLDER]      the phones' configuration and recordings go there
#
# PBX: how to run the program; DATA: its data folder; SERVER: where it listens.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
PBX=${PBX:-cargo run --quiet --release --example pbx --}
DATA=${DATA:-switchboard-data}
SERVER=${SERVER:-127.0.0.1:5060}
phones=${1:-phones}
command -v baresip >/dev/null || { echo "baresip is missing: \`cargo xtask setup\` installs it" >&2; exit 1; }

directory=$($PBX export --data "$DATA")
port=${PORT:-5072}
for name in anna bruno; do
    mkdir -p "$phones/$name"
    cat > "$phones/$name/config" <<EOF
sip_listen 127.0.0.1:$port
net_interface 127.0.0.1
module_path ${MODULES:-/usr/lib/baresip/modules}
module g711.so
module aufile.so
module aubridge.so
module sndfile.so
module_tmp account.so
module_app menu.so
audio_source aufile,$here/prompts/en/moh.wav
audio_player aubridge,x
snd_path $phones/$name
EOF
    password=$(awk -v name="$name" '
        $1 == "login" { mine = $3 == "\"" name "\"" }
        mine && $1 == "password" { gsub(/"/, "", $3); print $3; exit }' <<< "$directory")
    touch "$phones/$name/contacts"
    (umask 077; echo "<sip:$name@$SERVER>;auth_pass=$password;answermode=auto" > "$phones/$name/accounts")
    rm -f "$phones/$name"/dump-*.wav
    port=$((port + 4)) # baresip takes the next port for TLS
done

baresip -f "$phones/bruno" </dev/null > "$phones/bruno/log" 2>&1 &
bruno=$!
sleep 2
baresip -f "$phones/anna" -e "/dial sip:102@$SERVER" </dev/null > "$phones/anna/log" 2>&1 &
anna=$!
echo "Anna calls 102. They talk for about ten seconds, until their recordings end ..."
sleep 12
kill "$anna" "$bruno"
wait "$anna" "$bruno" || true
for name in anna bruno; do
    heard=$(ls "$phones/$name"/dump-*-dec.wav 2>/dev/null) || { echo "$name heard nothing" >&2; exit 1; }
    echo "$name heard $heard ($(stat -c %s "$heard") octets)"
done
