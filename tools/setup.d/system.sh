# The machine that tools/setup runs on: which system it is, which mirror it uses, which packages it has.
# Installs missing packages into the system with apt-get; nothing else in tools/setup changes the system.
# shellcheck shell=sh

mirror='' # of Debian packages, once mirror_find has found it

# Value of field $1 of the description of this system.
system_field() { sed -n "s/^$1=//p" /etc/os-release 2>/dev/null | tr -d "\"'"; }

# Stop unless this is a system that tools/setup knows.
system_must_be_supported() {
        case $(system_field ID)-$(system_field VERSION_ID) in
        debian-12 | debian-13 | ubuntu-24.04) ;;
        *) fail "needs Debian 12, Debian 13 or Ubuntu 24.04, and this is $(system_field PRETTY_NAME || true): use one of those, or a container of one" ;;
        esac
}

# Is `package` or `package=command` there?
system_has() {
        case $1 in *=*) ! command -v "${1#*=}" >/dev/null || return 0 ;; esac
        [ "$(dpkg-query -W -f '${db:Status-Status}' "${1%%=*}" 2>/dev/null)" = installed ]
}

# Install what the `system` rows of $1 name and the machine lacks: one line for each reason, one apt-get.
system_install() {
        missing=$(echo "$1" | while read -r _ kind names why; do
                [ "$kind" = system ] || continue
                lacks=''
                for n in $(echo "$names" | tr ',' ' '); do system_has "$n" || lacks="$lacks ${n%%=*}"; done
                [ -z "$lacks" ] || echo "${lacks# } ($why)"
        done)
        [ -n "$missing" ] || return 0
        packages=$(echo "$missing" | sed 's/ (.*//' | tr '\n' ' ')
        packages=${packages% }
        as_root=$(system_root_command) ||
                fail "$packages must be installed, and this is neither root nor a user who may use sudo: have root run 'apt-get install $packages', then run this again"
        disk_must_have_room /usr
        echo "$missing" | while read -r line; do note "installing $line with apt-get"; done
        began=$(date +%s)
        # shellcheck disable=SC2086 # lists of words
        {
                # Package lists may be absent or old: fetch them when a name is unknown, or when the first try fails.
                apt_knows $packages || system_apt update || true
                system_apt install $packages || { system_apt update && system_apt install $packages; } || apt_fail "apt-get could not install $packages"
        }
        for p in $packages; do system_has "$p" || fail "$p is still missing after apt-get installed it; see build/setup/log"; done
        say "installed in $(($(date +%s) - began)) s"
}

# Print the command that makes a command run as root (`env` for root itself); fail when there is none.
system_root_command() {
        if [ "$(id -u)" = 0 ]; then
                echo env
        elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
                echo sudo env
        else
                return 1
        fi
}

# The system's own apt-get, unattended, its words in the log.
system_apt() {
        # shellcheck disable=SC2086 # a command and its argument
        $as_root DEBIAN_FRONTEND=noninteractive apt-get "$@" -y --no-install-recommends \
                -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 -o Acquire::Retries=1 </dev/null >>build/setup/log 2>&1
}

# Has apt a candidate for each package?
apt_knows() {
        for p in "$@"; do
                apt-cache policy "$p" 2>/dev/null | grep -q 'Candidate: [^(]' || return 1
        done
}

# End with the reason that apt gave in the log; $1 says what failed.
apt_fail() {
        disk_must_have_room build
        if grep -qE 'is expired|not valid yet' build/setup/log; then
                why="the index is out of date, or this machine's clock is wrong: set the clock, give a newer mirror with MIRROR=URL, or have apt accept it (Acquire::Check-Valid-Until in /etc/apt/apt.conf.d)"
        elif grep -qE '^ +4[0-9][0-9] |does not have a Release file|Unable to locate package|Couldn.t find any package|no installation candidate' build/setup/log; then
                why="the mirror lacks it: give a complete Debian mirror with MIRROR=URL"
        elif grep -qE 'GPG error|is not signed|NO_PUBKEY|signatures? (were|was|could)' build/setup/log; then
                why="its index is not signed by the Debian archive: give a Debian mirror with MIRROR=URL"
        elif grep -qE 'Could not resolve|Temporary failure resolving|Could not connect|Unable to connect|Cannot initiate|Network is unreachable|timed out|Connection failed' build/setup/log; then
                why="the mirror cannot be reached: connect to the network, or give another mirror with MIRROR=URL"
        elif grep -qE 'No space left' build/setup/log; then
                why="the disk is full: free 2 GiB"
        else
                why="read build/setup/log, mend what it names, then run this again"
        fi
        fail "$1: $why (log: build/setup/log)"
}

# Stop when less than 2 GiB is free where $1 lies.
disk_must_have_room() {
        free=$(df -Pk "$1" | awk 'NR == 2 { print int($4 / 1024) }')
        [ "$free" -ge 2048 ] || fail "only $free MiB are free for $(cd "$1" && pwd): 2048 MiB are needed, free some"
}

# Set `mirror` to the Debian mirror to use: $MIRROR, or the first that serves this machine's own suite in its
# apt sources. apt reads them for us, in all their syntaxes; third-party archives of that suite are known by
# the origin in their downloaded index.
mirror_find() {
        mirror=${MIRROR:-}
        if [ -z "$mirror" ] && [ "$(system_field ID)" = debian ]; then
                suites="$(system_field VERSION_CODENAME)|stable|oldstable"
                mirror=$(apt-get update --print-uris 2>/dev/null |
                        sed -nE "s,^'([^']+)/dists/($suites)/main/binary-[^']*' ([^ ]+_dists_[^_]+)_main_.*,\\1 \\3,p" |
                        while read -r url index; do
                                release=/var/lib/apt/lists/${index}_InRelease
                                case $url in cdrom:*) continue ;; esac
                                [ ! -r "$release" ] || grep -qx 'Origin: Debian' "$release" || continue
                                echo "$url"
                                break
                        done)
        fi
        [ -n "$mirror" ] || fail "no Debian mirror stands in this machine's apt sources: give one with MIRROR=URL"
        mirror=${mirror%/}
}
