# What an instance of Helios does at every boot: mount the data volume, install the version that the stack names, start it, and tell
# CloudFormation whether it is ready. It may be interrupted at any place and run again. What it works with is set above it.

# Nothing here is in the way of Fn::Sub: every reference stands in braces of its own, with none inside.
set -euo pipefail
umask 022
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin HOME=/root LC_ALL=C

readonly log=/var/log/helios-boot.log server_log=/var/log/helios/helios.log
readonly state=/var/lib/helios versions=/opt/helios/versions
readonly data=$state/data before=$state/before
readonly was_ready=/var/lib/helios-was-ready # on the root volume: which no other instance has
readonly agent=/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl

# Seconds. All together end before CloudFormation stops to wait: see bootTime.
readonly all_within=1500 volume_within=600 download_within=300 ready_within=900 agent_within=180 release_within=60 signal_within=120

step='' why='' told='' said=0

main() {
  exec 3>&1 >>"$log" 2>&1
  trap leave EXIT
  trap 'told=no; exit 143' TERM INT HUP # it is switched off, and boots again
  begin 'mount the data volume'
  mount_volume
  begin 'make the user'
  make_user
  begin "install $VERSION"
  install_version
  begin 'prepare the data'
  prepare_data
  begin 'write the settings'
  write_settings
  begin 'start helios'
  start
  begin 'ship the logs'
  ship_logs
  begin 'wait for helios to be ready'
  wait_ready
  begin 'tell CloudFormation'
  finish
}

say() { printf '%s %s\n' "$(date -u +%FT%TZ)" "$*"; }
begin() { step=$1; say "$step"; }
fail() { why=$*; exit 1; }

# leave tells of a failure, whatever it was: CloudFormation goes back to what there was. Of an instance that never was ready nothing
# stays, and the volume is detached from it, whoever was ready with that before: so it must be let go of.
leave() {
  local code=$?
  ((code == 0)) && return
  why="$step: ${why:-$(tail -n 2 "$log")}"
  say "failed ($code): $why"
  echo "helios: $why" >&3
  if [[ $(cat "$was_ready" 2>/dev/null) != "$VOLUME" ]]; then
    systemctl stop helios.service || true
    retry "$release_within" let_go || say "the volume $VOLUME is still in use"
  fi
  [[ -n $told ]] || signal FAILURE "$why" || say 'CloudFormation could not be told'
}

let_go() { ! mountpoint -q "$state" || umount "$state"; }

# retry SECONDS COMMAND... runs a command until it succeeds or the time is over, its own or that of the whole boot.
retry() {
  local end=$((SECONDS + $1))
  ((end < all_within)) || end=$all_within
  shift
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep 3
  done
}

mount_volume() {
  local link=/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${VOLUME/-/} device kind
  retry "$volume_within" test -b "$link" || fail "the volume $VOLUME is not attached"
  device=$(readlink -f -- "$link")
  mkdir -p "$state"
  if ! mountpoint -q "$state"; then
    kind=$(blkid -p -o value -s TYPE -- "$device") || kind=''
    if [[ -z $kind ]]; then
      blank "$device" || fail "the volume $VOLUME is not blank, and what it holds is not known: it is left as it is"
      say "format $VOLUME, which is blank"
      mkfs.xfs -q -L helios -- "$device"
      kind=xfs
    fi
    [[ $kind == xfs ]] || fail "the volume $VOLUME holds $kind, not XFS: it is left as it is"
    mount -t xfs -o nodev,nosuid,noexec,noatime -- "$device" "$state" || fail "the volume $VOLUME cannot be mounted"
  fi
  [[ $(findmnt -n -o SOURCE -- "$state") == "$device" ]] || fail "something else than the volume $VOLUME is mounted at $state"
  xfs_growfs -d "$state"
}

# blank DEVICE: three programs agree that there is nothing on it, or at least not in its first 64 MiB.
blank() {
  local code=0 found
  blkid -p -- "$1" || code=$?
  ((code == 2)) || return 1
  found=$(wipefs --no-act --noheadings -- "$1") || return 1
  [[ -z $found ]] || return 1
  found=$(head -c 67108864 -- "$1" | tr -d '\0' | wc -c) || return 1
  ((found == 0))
}

make_user() {
  getent group helios >/dev/null || groupadd --system helios
  getent passwd helios >/dev/null ||
    useradd --system --gid helios --home-dir "$data" --no-create-home --shell /usr/sbin/nologin helios
}

genuine() { [[ -f $1 ]] && sha256sum --check --status <<<"$DIGEST  $1"; }
fetch() { timeout 120 aws s3 cp --only-show-errors --region "$REGION" "$ARTIFACT" "$1"; }

install_version() {
  local binary=$versions/$DIGEST/helios part=$versions/part
  mkdir -p "$versions/$DIGEST"
  if ! genuine "$binary"; then
    retry "$download_within" fetch "$part" || fail "$ARTIFACT cannot be downloaded"
    # The instance has its address only once it runs. An agent that was there before sleeps for at least five minutes.
    systemctl try-restart amazon-ssm-agent.service || true
    genuine "$part" || fail "what $ARTIFACT holds is not what its digest says: it is not installed"
    chmod 0755 "$part"
    sync "$part"
    mv -T "$part" "$binary"
  fi
}

# The marks on the data volume, which go with the data from instance to instance: "installed" is the version that the data was last
# given to, "ready" the last that was ready with it.
mark() { cat "$state/$1" 2>/dev/null || true; }
remember() {
  echo "$DIGEST" >"$state/$1.new"
  sync "$state/$1.new"
  mv -T "$state/$1.new" "$state/$1"
  sync -f "$state"
}

# A newer version may write the data in ways that an older one cannot read. So it is copied before another version gets it, and
# the copy is put back when that one never was ready. Each step leaves what the next boot can begin again from.
prepare_data() {
  local installed
  installed=$(mark installed)
  ! systemctl is-active --quiet helios.service || systemctl stop helios.service
  if [[ ! -d $data && -d $data.failed ]]; then
    mv -T "$data.failed" "$data" # it was about to be put back
  fi
  if [[ -d $data && $installed != "$DIGEST" ]]; then
    if [[ $installed == "$(mark ready)" ]]; then
      keep_copy
    elif [[ -d $before ]]; then
      put_back
    fi
  fi
  mkdir -p "$data"
  [[ $(stat -c %U:%G "$data") == helios:helios ]] || chown -R helios:helios "$data"
  chmod 0700 "$data"
  remember installed
  rm -rf "$data.failed" "$data.new" "$before.new"
  mkdir -p /opt/helios/bin
  ln -sfn "$versions/$DIGEST/helios" /opt/helios/bin/.helios
  mv -T /opt/helios/bin/.helios /opt/helios/bin/helios
}

keep_copy() {
  say 'copy the data: it is given to another version'
  rm -rf "$before.new"
  cp -a --reflink=auto "$data" "$before.new"
  sync -f "$state"
  rm -rf "$before"
  mv -T "$before.new" "$before"
}

put_back() {
  say 'put back the data as it was: the version that had it last never was ready'
  rm -rf "$data.new" "$data.failed"
  cp -a --reflink=auto "$before" "$data.new"
  sync -f "$state"
  mv -T "$data" "$data.failed"
  mv -T "$data.new" "$data"
}

# put MODE FILE writes a file whole, for root and the group helios.
put() {
  cat >"$2.new"
  chown root:helios "$2.new"
  chmod "$1" "$2.new"
  mv -T "$2.new" "$2"
}

write_settings() {
  mkdir -p /etc/helios /var/log/helios
  base64 -d <<<"$SETTINGS" | gunzip | put 0640 /etc/helios/helios.yaml
  put 0640 /etc/helios/helios.env <<<"$VARIABLES"
  put 0644 /etc/helios/cloudwatch-agent.json <<<"$SHIPPING"
  put 0644 /etc/logrotate.d/helios <<<"$ROTATION"
  put 0644 /etc/systemd/system/helios.service <<<"$UNIT"
}

start() {
  touch "$server_log"
  said=$(stat -c %s "$server_log")
  systemctl daemon-reload
  systemctl reset-failed helios.service || true
  systemctl restart helios.service || fail "$(last_words)"
}

# last_words are the end of what it has said since.
last_words() { tail -c "+$((said + 1))" "$server_log" | tail -n 3 | tail -c 400; }

# Helios runs without the agent too; then its logs and metrics stay on the instance.
ship_logs() {
  [[ -x $agent ]] || retry "$agent_within" timeout 120 dnf install -y -q amazon-cloudwatch-agent logrotate || true
  "$agent" -a fetch-config -m ec2 -s -c file:/etc/helios/cloudwatch-agent.json ||
    say 'the CloudWatch agent does not run: logs and metrics are not shipped until the next boot'
}

is_ready() { curl --silent --insecure --fail --max-time 5 --output /dev/null https://127.0.0.1/readyz; }
settled() { is_ready || systemctl is-failed --quiet helios.service; }

wait_ready() {
  retry "$ready_within" settled || fail "it did not become ready in time. $(last_words)"
  is_ready || fail "it ends as soon as it has started. $(last_words)"
}

finish() {
  told=yes
  signal SUCCESS "$VERSION is ready" || fail 'it could not be told'
  echo "$VOLUME" >"$was_ready" || say 'the root volume cannot be written'
  remember ready
  rm -rf "$before"
  find "$versions" -mindepth 1 -maxdepth 1 ! -name "$DIGEST" -exec rm -rf {} +
  say "$VERSION is ready"
  echo "helios: $VERSION is ready" >&3
}

# signal STATUS REASON. The protocol: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-waitcondition.html
signal() {
  local reason
  reason=$(tr -c '[:alnum:] .,:;/=()_-' ' ' <<<"$2" | cut -c 1-500)
  retry "$signal_within" send "$(printf '{"Status":"%s","UniqueId":"%s","Data":"%s","Reason":"%s"}' "$1" "$BOOT" "$VERSION" "$reason")"
}

# send BODY to the handle, whose URL is a secret and so stands in no list of processes. A handle that has served its time, as it has
# at later boots, refuses: that is an answer too.
send() {
  local code
  code=$(curl --silent --show-error --max-time 20 --output /dev/null --write-out '%{http_code}' --request PUT \
    --header 'Content-Type:' --data-binary "$1" --config - <<<"url = \"$SIGNAL\"") || true
  [[ $code == [24]* ]] || return 1
  say "CloudFormation was told, and answered $code"
}

main
