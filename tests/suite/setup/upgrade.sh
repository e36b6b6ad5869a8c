# An account that the version before has mounted, with a journal of its schema, goes on after an upgrade.
set -euo pipefail
dpkg -i /shared/old.deb >/dev/null
account=(--api-url "$(</shared/url)" --token-file /shared/store/token --state-dir /shared/state)
mkdir /mnt/taskade
taskadefs mount "${account[@]}" /mnt/taskade
taskadefs umount /mnt/taskade
directory=$(echo /shared/state/accounts/*)
rm "$directory"/journal.sqlite3*
cp /shared/journal "$directory/journal.sqlite3"

dpkg -i /shared/new.deb >/dev/null
dpkg-query -W taskadefs
# It ends with 1: something else was refused.
{ taskadefs status --state-dir /shared/state || true; } | grep 'Moved.md'
taskadefs mount "${account[@]}" /mnt/taskade 2>&1 | grep 'going on with what waits: .*Moved.md'
# With 1 as well; all that waits is sent.
taskadefs sync --state-dir /shared/state || true
{ taskadefs status --state-dir /shared/state || true; } | grep '^rejected.*Other.md'
! { taskadefs status --state-dir /shared/state || true; } | grep '^pending'
grep three /mnt/taskade/Acme/Moved.md
taskadefs history --state-dir /shared/state
taskadefs umount /mnt/taskade
