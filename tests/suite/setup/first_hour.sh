# A new user's first hour with the Debian package, in a system that was just installed.
set -euo pipefail
shopt -s inherit_errexit
step() { printf '\n== %s\n' "$*"; }
as_ann() { su ann -c "cd && $1"; }

step 'install the package'
dpkg -i /shared/old.deb >/dev/null
taskadefs --version
test -s /usr/share/man/man1/taskadefs-mount.1.gz
test -s /usr/share/bash-completion/completions/taskadefs
test -s /usr/share/zsh/vendor-completions/_taskadefs
test -s /usr/share/fish/vendor_completions.d/taskadefs.fish

step 'a service'
useradd --create-home --shell /bin/bash ann
mkfifo /tmp/serving /tmp/told
taskadefs serve --local /srv/taskade --make Acme/Ideas >/tmp/serving &
serving=$!
exec 3</tmp/serving
read -r -t 60 line <&3
url=${line#listening on }

step 'a config file'
as_ann 'mkdir -p .config/taskadefs Taskade'
as_ann 'cat >.config/taskadefs/config.toml' <<END
api-url = "$url"

[mounts.work]
mountpoint = "~/Taskade"
END

step 'log in'
as_ann 'taskadefs login' </srv/taskade/token

step 'mount it, as the unit does'
start=$(sed -n 's/^ExecStart=//p' '/usr/lib/systemd/user/taskadefs@.service')
# systemd waits for this word, and so does this script.
listen='use Socket; socket(S, PF_UNIX, SOCK_DGRAM, 0); unlink $ARGV[0]; bind(S, sockaddr_un($ARGV[0]))
	or die $!; $| = 1; print "listening\n"; alarm 60; recv(S, $word, 4096, 0); print $word'
su ann -c "exec perl -e '$listen' /home/ann/manager" >/tmp/told &
manager=$!
exec 4</tmp/told
read -r -t 60 line <&4
su ann -c "cd / && NOTIFY_SOCKET=/home/ann/manager exec ${start/\%i/work}" &
service=$!
read -r -t 60 line <&4
[[ $line == READY=1 ]]
wait "$manager"

step 'look, and edit in vim'
as_ann 'ls Taskade/Acme'
as_ann "vim.tiny -n -u NONE -E -s -c 'normal Gobuy milk' -c wq 'Taskade/Acme/Inbox.md'"
as_ann "echo '- an idea' >Taskade/Acme/Ideas/First.md"
as_ann 'grep -rn milk Taskade'
as_ann 'taskadefs status'
as_ann 'taskadefs history'
as_ann 'taskadefs doctor'

step 'add and list without an editor'
as_ann 'taskadefs add Acme/Inbox.md call Ann'
as_ann 'taskadefs done Acme/Inbox.md "call Ann"'
as_ann 'taskadefs list Acme/Inbox.md --open' | grep 'buy milk'
as_ann 'taskadefs find "call ann"' | grep -F 'Acme/Inbox.md:' | grep -F '[x] call Ann'

step 'keep it in git, edit it there, send that'
as_ann 'git config --global user.name Ann && git config --global user.email ann@localhost'
as_ann 'taskadefs export tasks --git'
as_ann 'git -C tasks log --oneline'
as_ann 'sed -i "s/buy milk/buy oat milk/" tasks/Acme/Inbox.md'
as_ann 'taskadefs import tasks --dry-run' | grep 'update buy milk → buy oat milk'
as_ann 'taskadefs import tasks'
as_ann 'grep -h "buy oat milk" Taskade/Acme/Inbox.md'
as_ann 'taskadefs export tasks --git --quiet && test -z "$(git -C tasks status --porcelain)"'

step 'stop, as systemd does'
main_process() {
	local process
	for process in /proc/[0-9]*; do
		[[ $(readlink "$process/exe") == /usr/bin/taskadefs ]] || continue
		! tr '\0' '\n' <"$process/cmdline" | grep -qx mount || echo "${process#/proc/}"
	done
}
kill -TERM "$(main_process)"
wait "$service"

step 'upgrade'
dpkg -i /shared/new.deb >/dev/null
dpkg-query -W taskadefs
as_ann 'taskadefs mount work'
as_ann 'grep -h "buy oat milk" Taskade/Acme/Inbox.md && cat Taskade/Acme/Ideas/First.md'
as_ann 'taskadefs umount work'

step 'remove'
dpkg -r taskadefs >/dev/null
test ! -e /usr/bin/taskadefs
kill "$serving"
echo 'that was the first hour'
