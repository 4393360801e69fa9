#!/bin/sh
# Installs the Debian packages that are missing: as root through apt, otherwise it says what to install. Does nothing when all are there.
#
#   install-tools.sh         what building images takes
#   install-tools.sh tests   and what the tests take besides
#
# The test bed gets its own packages (Xen, dom0) itself, into its cache: see src/Xenolith.Bed/Cache.
set -eu

missing=

# need PACKAGE FILE: the package is missing when the file is.
need() {
        [ -e "$2" ] || missing="$missing $1"
}

# need_program PACKAGE PROGRAM
need_program() {
        command -v "$2" >/dev/null || missing="$missing $1"
}

need_program gcc gcc
need_program binutils ld.bfd
need libc6-dev /usr/include/stdio.h
need musl-dev /usr/lib/x86_64-linux-musl/libc.a
need libssl-dev /usr/lib/x86_64-linux-gnu/libcrypto.a
need tzdata /usr/share/zoneinfo/zone.tab
need ca-certificates /usr/share/ca-certificates/mozilla
if [ "${1-}" = tests ]; then
        need libxen-dev /usr/include/xen/xen.h
        need_program pkgconf pkg-config
        need_program qemu-system-x86 "${XENOLITH_QEMU:-qemu-system-x86_64}"
fi

[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "xenolith: some tools are not installed: run \`apt-get install --no-install-recommends$missing\`" >&2
        exit 69
fi

# The package lists may be missing or older than the archive; another apt may be at work.
install() {
        # shellcheck disable=SC2086 # a list of packages
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 $missing
}
echo "xenolith: installing$missing" >&2
install >&2 2>/dev/null || { apt-get update -qq && install; } >&2 || {
        echo "xenolith: apt-get could not install$missing" >&2
        exit 69
}
