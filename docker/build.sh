#!/usr/bin/env bash
# Builds the images without a running container engine (buildah, chroot isolation, as root) and starts every program
# once inside its image. Where base images cannot be pulled, they are made by debootstrap under the base's name.
#
#   docker/build.sh              build and try
#   docker/build.sh build|try    one of the two
#
#   WHEELS=DIR      a folder of wheels (torch's CPU build, say) that pip looks into first
#   TORCH_INDEX=URL where CPU builds of torch lie; not used when WHEELS is set
#   CA=FILE         certificate bundle of a network that inspects TLS
#   MIRROR=URL      Debian mirror for the bases
set -euo pipefail
cd "$(dirname "$0")/.."
MIRROR=${MIRROR:-http://deb.debian.org/debian}
WORK=${WORK:-data/images}
say() { echo "images: $*"; }
fail() { say "$*" >&2; exit 1; }

need() {
    for program in "$@"; do
        command -v "$program" > /dev/null || fail "$program is missing: apt-get install -y buildah podman debootstrap"
    done
}

base() { # NAME SUITE
    local name=$1 suite=$2 tree script
    buildah images --quiet "$name" > /dev/null 2>&1 && return
    if buildah pull --quiet "docker.io/library/$name" > /dev/null 2>&1; then
        buildah tag "docker.io/library/$name" "$name"
        return
    fi
    say "$name cannot be pulled; making it with debootstrap"
    tree=$WORK/$suite
    script=/usr/share/debootstrap/scripts/$suite
    [ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid
    rm -rf "$tree.new"
    if [ ! -d "$tree" ]; then
        mkdir -p "$WORK"
        debootstrap --variant=minbase --include=ca-certificates "$suite" "$tree.new" "$MIRROR" "$script" > "$tree.log" 2>&1 \
            || fail "debootstrap failed; see $tree.log"
        printf 'Acquire::Check-Valid-Until "false";\n' > "$tree.new/etc/apt/apt.conf.d/80snapshot"
        mv "$tree.new" "$tree"
    fi
    tar -C "$tree" --one-file-system -c . | podman import --quiet - "docker.io/library/$name" > /dev/null
    rm -rf "$tree"
}

build() {
    need buildah podman debootstrap
    base debian:bookworm-slim bookworm
    base debian:forky-slim forky
    local options=(--isolation chroot --network host --layers --pull=never)
    local arguments=()
    if [ -n "${WHEELS:-}" ]; then
        options+=(--volume "$(realpath "$WHEELS"):/wheels:ro")
        arguments+=(--build-arg "PIP_OPTIONS=--find-links /wheels" --build-arg "TORCH_INDEX=")
    elif [ -n "${TORCH_INDEX:-}" ]; then
        arguments+=(--build-arg "TORCH_INDEX=$TORCH_INDEX")
    fi
    if [ -n "${CA:-}" ]; then
        options+=(--volume "$(realpath "$CA"):/ca-bundle.crt:ro")
        arguments+=(--build-arg CA_BUNDLE=/ca-bundle.crt)
    fi
    for target in app asterisk; do
        say "building hotline-$target"
        buildah bud "${options[@]}" "${arguments[@]}" --target "$target" -t "hotline-$target" -f docker/hotline.Dockerfile .
    done
    say "building hotline-postgres"
    buildah bud "${options[@]}" -t hotline-postgres -f docker/postgres.Dockerfile .
}

# ---- Starting each program once, on ports of its own on loopback

containers=()
pids=()
folder=
cleanup() {
    # Each program leads a process group of its own: everything in it is ended, whoever started it.
    for pid in "${pids[@]}"; do kill -TERM -- "-$pid" 2> /dev/null || true; done
    for _ in $(seq 20); do
        any_left || break
        sleep 1
    done
    for pid in "${pids[@]}"; do kill -KILL -- "-$pid" 2> /dev/null || true; done
    for container in "${containers[@]}"; do buildah rm "$container" > /dev/null 2>&1 || true; done
    [ -z "$folder" ] || rm -rf --one-file-system "$folder"
}

any_left() {
    for pid in "${pids[@]}"; do kill -0 -- "-$pid" 2> /dev/null && return; done
    return 1
}

container() { # IMAGE → $name
    name=$(buildah from --pull=never "localhost/$1")
    containers+=("$name")
}

options() {
    run=(
        buildah run --isolation chroot --network host --volume "$folder/data:/data"
        --volume "$folder/instances:/srv/asterisk/instances" --volume "$folder/secrets:/run/secrets:ro"
        "${environment[@]}"
    )
}

inside() { # CONTAINER COMMAND…
    local name=$1 run
    shift
    options
    "${run[@]}" "$name" -- "$@"
}

start() { # LABEL CONTAINER COMMAND…
    local label=$1 name=$2 run
    shift 2
    options
    setsid "${run[@]}" "$name" -- "$@" > "$folder/$label.log" 2>&1 &
    pids+=($!)
}

free_port() { python3 -c 'import socket,sys; s=socket.socket(socket.AF_INET, getattr(socket, "SOCK_"+sys.argv[1])); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])' "$1"; }

until_true() { # SECONDS LABEL COMMAND…
    local seconds=$1 label=$2
    shift 2
    for _ in $(seq "$seconds"); do
        "$@" > /dev/null 2>&1 && return
        sleep 1
    done
    tail -n 5 "$folder"/*.log >&2
    fail "$label did not get ready in $seconds s"
}

try() {
    need buildah python3 curl
    trap cleanup EXIT
    folder=$(mktemp -d)
    chmod 711 "$folder"
    mkdir -p "$folder/data" "$folder/instances" "$folder/secrets" "$folder/pg"
    local pg web ami sip http app node database
    pg=$(free_port STREAM) web=$(free_port STREAM) ami=$(free_port STREAM) http=$(free_port STREAM) sip=$(free_port DGRAM)
    echo -n "$RANDOM$RANDOM$RANDOM" > "$folder/secrets/postgres_password"
    echo -n "$RANDOM$RANDOM$RANDOM-ami" > "$folder/secrets/ami"
    echo -n "postgresql://hotline:$(cat "$folder/secrets/postgres_password")@127.0.0.1:$pg/postgres" > "$folder/secrets/database_url"
    environment=(
        --env "PGPORT=$pg" --env POSTGRES_PASSWORD_FILE=/run/secrets/postgres_password --env PGDATA=/data/postgres
        --env HOTLINE_DATABASE_URL_FILE=/run/secrets/database_url --env HOTLINE_AMI__SECRET_FILE=/run/secrets/ami
        --env "HOTLINE_AMI__PORT=$ami" --env "HOTLINE_WEB_PORT=$web" --env "HOTLINE_ASTERISK__SIP_PORT=$sip"
        --env "HOTLINE_ASTERISK__HTTP_PORT=$http"
    )
    container hotline-postgres; database=$name
    container hotline-app; app=$name
    container hotline-asterisk; node=$name

    say "postgres: $(inside "$database" /usr/lib/postgresql/15/bin/postgres --version)"
    say "app:      $(inside "$app" hotline --version)"
    say "asterisk: $(inside "$node" chroot /srv/asterisk asterisk -V)"
    start postgres "$database" sh /usr/local/bin/postgres-start
    until_true 60 postgres inside "$database" pg_isready -h 127.0.0.1 -p "$pg"
    say "schema:   $(inside "$app" hotline db upgrade)"
    start asterisk "$node" /app/docker/node-start.sh run asterisk
    until_true 90 asterisk grep -q part.ready "$folder/asterisk.log"
    say "asterisk: answers ($(inside "$node" chroot /srv/asterisk asterisk -C /instances/main/etc/asterisk.conf -rx 'core show uptime' | head -n 1))"
    start controller "$node" hotline run controller
    start worker "$node" hotline run worker
    start web "$app" hotline run web
    until_true 90 controller grep -q part.ready "$folder/controller.log"
    until_true 90 worker grep -q part.ready "$folder/worker.log"
    until_true 90 web curl -fsS "http://127.0.0.1:$web/readyz"
    say "web:      /readyz says $(curl -fsS "http://127.0.0.1:$web/readyz")"
    say "doctor:   finds missing what the volumes hold: $( (inside "$node" hotline doctor 2> /dev/null || true) \
        | sed -n 's/^MISSING *\(model [^ ]*\|[^ ]*\).*/\1/p' | paste -sd, | sed 's/,/, /g')"
    say "every program started"
}

case "${1:-all}" in
    build) build ;;
    try) try ;;
    all) build && try ;;
    *) fail "usage: docker/build.sh [build|try]" ;;
esac
