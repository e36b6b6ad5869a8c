# Sourced by the scripts beside it: installs Debian packages, and only those that are missing.
# shellcheck shell=bash

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# need PACKAGE:COMMAND... installs each package whose command is not there.
need() {
	local pair missing=()
	for pair; do
		command -v "${pair#*:}" >/dev/null || missing+=("${pair%%:*}")
	done
	((${#missing[@]})) || return 0
	command -v apt-get >/dev/null ||
		die "please install ${missing[*]}: this is no Debian, so it cannot be done for you"
	local as_root=()
	if ((EUID != 0)); then
		command -v sudo >/dev/null ||
			die "please install ${missing[*]}: you are not root and there is no sudo"
		as_root=(sudo)
	fi
	echo "installing ${missing[*]}"
	"${as_root[@]}" apt-get -qq update </dev/null
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
		--no-install-recommends "${missing[@]}" </dev/null >/dev/null
}

# Everything needs these, and only a Rust installation can bring them.
need_rust() {
	local tool
	for tool in cargo rustc; do
		command -v "$tool" >/dev/null || die "no $tool: install Rust, see https://rustup.rs"
	done
	command -v cc >/dev/null || die "no C compiler: Rust links with it; apt-get install gcc libc6-dev"
}

# No Debian package brings it. Built without optimisation, which takes a minute or two.
need_cargo_deny() {
	cargo deny --version >/dev/null 2>&1 && return
	echo "building cargo-deny"
	CARGO_PROFILE_DEV_DEBUG=false cargo install --quiet --locked --debug cargo-deny@0.20.2 ||
		die "cargo-deny cannot be built: cargo install --locked cargo-deny"
}

# No Debian package brings it. Built without optimisation, which takes a minute or two.
need_cargo_deb() {
	cargo deb --version >/dev/null 2>&1 && return
	echo "building cargo-deb"
	CARGO_PROFILE_DEV_DEBUG=false cargo install --quiet --locked --debug cargo-deb@3.8.0 ||
		die "cargo-deb cannot be built: cargo install --locked cargo-deb"
}

# Whether this process may mount; says why not.
need_fuse_device() {
	[[ -e /dev/fuse ]] ||
		die "/dev/fuse is missing: load the module (modprobe fuse), or give the container the device (docker run --device /dev/fuse --cap-add SYS_ADMIN)"
	# The subshell: a failed redirection of exec would end this one.
	(exec 3<>/dev/fuse) 2>/dev/null ||
		die "/dev/fuse cannot be opened by $(id -un): its mode should be 0666, and a container must allow the device (docker run --device /dev/fuse --cap-add SYS_ADMIN)"
}

# Builds static programs with musl: fails where this Rust has no standard library for it and rustup cannot
# bring it. Prints the target.
musl_target() {
	local triple
	triple=$(uname -m)-unknown-linux-musl
	need musl-tools:musl-gcc binutils:readelf >&2
	[[ -d $(rustc --print sysroot)/lib/rustlib/$triple/lib ]] || rustup target add "$triple" >&2 || return
	echo "$triple"
}
