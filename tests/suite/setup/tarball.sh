# The tarball in a system that was just installed, which has no library for it.
set -euo pipefail
shopt -s inherit_errexit
step() { printf '\n== %s\n' "$*"; }
as_ann() { su ann -c "cd && $1"; }

step 'unpack it'
tar -xzf /shared/taskadefs.tar.gz -C /tmp
cd /tmp/taskadefs-*
ls
install -m 755 taskadefs /usr/local/bin/
test -s man1/taskadefs-mount.1
test -s taskadefs.bash
test -s LICENSE
bash -n taskadefs.bash

step 'it needs no other file'
export PATH=/usr/local/bin:$PATH
taskadefs --version
# Neither a loader nor a library: it runs where there is nothing else.
mkdir /tmp/empty
cp taskadefs /tmp/empty/
chroot /tmp/empty /taskadefs --version

step 'mount, edit, look, unmount'
useradd --create-home --shell /bin/bash ann
as_ann 'mkdir Taskade && taskadefs mount --local store Taskade'
as_ann "vim.tiny -n -u NONE -E -s -c 'normal Gobuy milk' -c wq Taskade/Acme/Inbox.md"
as_ann 'grep -rn "buy milk" Taskade'
as_ann 'taskadefs list Taskade/Acme' | grep 'buy milk'
as_ann 'taskadefs umount Taskade'
as_ann 'taskadefs mount --local store Taskade && grep -q "buy milk" Taskade/Acme/Inbox.md'
as_ann 'taskadefs umount Taskade'

echo
echo 'that was the tarball'
