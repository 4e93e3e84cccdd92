#!/bin/bash
# Becomes the first process of a machine: systemd, in a root of its own whose changes go to another directory. It runs in namespaces
# that are this machine's alone; all that it mounts ends with them.
#   machine.sh LOWER DIR [VOLUME-ID DEVICE]...
set -euo pipefail
lower=$1 dir=$2 root=$2/root
shift 2
mount --make-rprivate /
mkdir -p "$root" "$dir/changes" "$dir/work"
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$dir/changes,workdir=$dir/work" "$root"
mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys" # the kernel's settings are everybody's
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
for at in run tmp dev; do mount -t tmpfs tmpfs "$root/$at"; done
mkdir -p "$root"/dev/{pts,shm,mqueue,hugepages,disk/by-id}
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for device in null zero full random urandom tty; do
	touch "$root/dev/$device"
	mount --bind "/dev/$device" "$root/dev/$device"
done
while (($# > 1)); do
	touch "$root$2"
	mount --bind "$2" "$root$2"
	ln -s "$2" "$root/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${1/-/}"
	shift 2
done
exec env -i container=helios-test PATH=/usr/sbin:/usr/bin chroot "$root" /lib/systemd/systemd
