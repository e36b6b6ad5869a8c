# The unit under a real manager of user services: started with it, mounted again when it was killed, and
# stopped. The first argument is a home with a config file, the second the unit.
set -euo pipefail
step() { printf '\n== %s\n' "$*"; }
export HOME=$1 XDG_RUNTIME_DIR=$1/run
mountpoint=$HOME/Taskade

step 'a manager, as a login starts one'
mkdir -p "$HOME/.config/systemd/user/taskadefs@.service.d" "$mountpoint"
cp "$2" "$HOME/.config/systemd/user/taskadefs@.service"
printf '[Service]\nRestartSec=100ms\n' >"$HOME/.config/systemd/user/taskadefs@.service.d/soon.conf"
mkdir -m 700 "$XDG_RUNTIME_DIR"
systemctl --user enable taskadefs@work.service
# Only where the system was booted by it does systemd run for a user.
mkdir -p /run/systemd
mount -t tmpfs tmpfs /run/systemd
mkdir /run/systemd/system
coproc listen { python3 -c '
import socket, sys
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(sys.argv[1])
manager.settimeout(30)
print("listening", flush=True)
while b"READY=1" not in manager.recv(4096):
	pass
print("ready", flush=True)' "$HOME/ready"; }
exec 3<&"${listen[0]}"
read -r -t 30 line <&3
NOTIFY_SOCKET=$HOME/ready /lib/systemd/systemd --user >"$HOME/manager" 2>&1 &
manager=$!
read -r -t 60 line <&3
[[ $line == ready ]]
systemctl --user start default.target
systemctl --user is-active taskadefs@work.service
[[ $(systemctl --user show --property=StatusText taskadefs@work.service) == *"mounted at "*/Taskade ]]
ls "$mountpoint/Acme"
echo '- [ ] buy milk' >>"$mountpoint/Acme/Inbox.md"

step 'killed, it is mounted again'
findmnt --poll=mount --first-only --noheadings --timeout 60000 "$mountpoint" &
again=$!
systemctl --user kill --kill-whom=main --signal=KILL taskadefs@work.service
wait "$again"
systemctl --user start taskadefs@work.service
grep -F 'buy milk' "$mountpoint/Acme/Inbox.md"
[[ $(systemctl --user show --property=NRestarts taskadefs@work.service) == NRestarts=1 ]]

step 'stopped, it is away and nothing failed'
systemctl --user stop taskadefs@work.service
! findmnt "$mountpoint"
[[ $(systemctl --user show --property=Result taskadefs@work.service) == Result=success ]]
systemctl --user exit
wait "$manager"
echo 'the manager has ended'
