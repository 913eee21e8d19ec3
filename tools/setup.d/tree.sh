# Private package trees: Debian packages of any suite, unpacked under build/pkg/TREE and never installed.
# Uses an apt of our own (its configuration, lists and empty package status lie in build/setup/apt), so the
# user's apt is neither read, but for proxies and the like, nor changed. Indexes are verified by the keys of
# the Debian archive.
# shellcheck shell=sh

keyring=/usr/share/keyrings/debian-archive-keyring.gpg
apt_fresh=''    # the indexes that this run has fetched
recipe_version=1 # raise when the same packages are to be unpacked in another way

# The row of tree $1: "suite arch how packages", the architecture resolved.
tree_row() { tree_table | awk -v t="$1" -v host="$(dpkg --print-architecture)" '$1 == t { sub("host", host, $3); print $2, $3, $4, $5 }'; }

# What tree $1 was, or is to be, made from.
tree_recipe() { echo "$recipe_version $(tree_row "$1")"; }

# Is tree $1 unpacked as its row says? It was seen to work then; the paths made from it may be gone.
tree_is_whole() { [ "$(cat "build/pkg/$1/.recipe" 2>/dev/null)" = "$(tree_recipe "$1")" ]; }

# Is tree $1 whole and published?
tree_is_ready() {
        tree_is_whole "$1" || return 1
        for path in $(tree_outputs "$1"); do [ -e "$path" ] || return 1; done
}

# Make the trees named in list $1 ready.
tree_install_all() {
        for t in $1; do
                tree_is_ready "$t" || { tree_is_whole "$t" && tree_publish "$t"; } || tree_install "$t"
        done
}

# Fetch, unpack and publish tree $1.
tree_install() {
        tree=$1
        began=$(date +%s)
        disk_must_have_room build
        # shellcheck disable=SC2046 # four words
        set -- $(tree_row "$tree")
        suite=$1 arch=$2 how=$3 packages=$(echo "$4" | tr ',' ' ')
        apt_prepare "$suite" "$arch"

        case $how in
        alone) ;;
        latest) packages=$(apt_latest "$packages") || apt_fail "$tree: $packages was not found in $suite" ;;
        closure) packages=$(apt_closure "$packages") || apt_fail "$tree: its packages could not be resolved in $suite" ;;
        esac
        debs=build/setup/debs/$tree
        rm -rf "$debs"
        mkdir -p "$debs"
        # shellcheck disable=SC2086 # a list of names
        size=$(apt_private download --print-uris $packages 2>>build/setup/log | awk '/^.[a-z+]*:/ { n += $3 } END { printf "%.1f MB", n / 1e6 }')
        say "$tree: fetching $size from $suite ($(echo "$packages" | wc -w) of its packages)"
        # shellcheck disable=SC2086 # a list of names
        (cd "$debs" && apt_private download $packages) >>build/setup/log 2>&1 || apt_fail "$tree: its packages could not be fetched"

        new=build/pkg/.$tree.new
        tree_unpack "$tree" "$debs" "$new" || unpack_fail
        tree_adapt "$tree" "$new" || fail "$tree: the packages of $suite are not laid out as expected: report this (log: build/setup/log)"
        rm -rf "build/pkg/$tree" "$debs"
        mv "$new" "build/pkg/$tree"
        tree_publish "$tree" || fail "$tree: unpacked, but does not work here: report this (log: build/setup/log)"
        tree_recipe "$tree" >"build/pkg/$tree/.recipe"
        tree_is_ready "$tree" || fail "$tree: unpacked, but not all of it is there: report this (log: build/setup/log)"
        say "$tree: ready, $(du -sm "build/pkg/$tree" | cut -f1) MB, $(($(date +%s) - began)) s"
}

# Unpack the packages in $2 into $3 for tree $1, with /bin, /lib, ... merged into /usr as Debian does now.
tree_unpack() {
        rm -rf "$3"
        for dir in bin sbin lib lib64; do
                mkdir -p "$3/usr/$dir"
                ln -s "usr/$dir" "$3/$dir"
        done
        case $1 in
        linux-*) leave_out='*/modules/*/kernel/[!a]* */kernel/arch/riscv/[!k]*' ;; # of its modules only KVM is read
        toolchain-*) leave_out='*/rv32* */picolibc/*/release' ;; # 1 GB of variants that nobody here asks for
        *) leave_out='' ;;
        esac
        set -f
        for pattern in ./usr/share/doc ./usr/share/man ./usr/share/locale $leave_out; do set -- "$@" "--exclude=$pattern"; done
        set +f
        from=$2 into=$3
        shift 3
        for deb in "$from"/*.deb; do
                dpkg-deb --fsys-tarfile "$deb" |
                        tar -x -C "$into" --keep-directory-symlink --no-same-owner --no-same-permissions "$@" || return 1
        done >>build/setup/log 2>&1
}

# End because the package in $deb could not be unpacked.
unpack_fail() {
        disk_must_have_room build
        fail "${deb##*/} could not be unpacked: run this again (log: build/setup/log)"
}

# Make our own apt ready for suite $1 and architecture $2: fetch and verify its index, once in a run.
apt_prepare() {
        [ -n "${mirror:-}" ] || mirror_find
        [ -e "$keyring" ] || system_install "setup system debian-archive-keyring keys that sign Debian's packages"
        case $mirror in
        https:*) system_install "setup system ca-certificates certificates for the mirror" ;;
        esac
        apt=$PWD/build/setup/apt/$1-$2
        case " $apt_fresh " in *" $1-$2 "*) return 0 ;; esac
        rm -rf "$apt"
        mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
        : >"$apt/status"
        echo "deb [arch=$2 signed-by=$keyring target=Packages lang=none pdiffs=no] $mirror $1 main" >"$apt/sources.list"
        cat >"$apt/apt.conf" <<END
#clear APT::Architectures;
#clear APT::Default-Release;
#clear APT::Update;
APT::Architecture "$2";
APT::Architectures { "$2"; };
APT::Install-Recommends "false";
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
Acquire::Retries "2";
Dir::Cache "$apt/cache";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::Etc::SourceList "$apt/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "$apt/lists";
Dir::State::Status "$apt/status";
END
        say "reading the package index of $1 for $2 from $mirror"
        apt_private update >>build/setup/log 2>&1 || apt_fail "the package index of $1 could not be read from $mirror"
        apt_fresh="$apt_fresh $1-$2"
}

# Our own apt-get, for the suite and architecture that apt_prepare was given last.
apt_private() { DEBIAN_FRONTEND=noninteractive apt-get -q -y -c "$apt/apt.conf" "$@" </dev/null; }

# Packages $1 and all that they depend on, as name=version, starting from a system that has nothing.
apt_closure() {
        # shellcheck disable=SC2086 # a list of names
        plan=$(apt_private -s install $1 2>>build/setup/log) || return 1
        echo "$plan" | sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .*/\1=\2/p'
}

# The package that metapackage $1 now points to.
apt_latest() { apt-cache -c "$apt/apt.conf" depends --important "$1" 2>>build/setup/log | sed -n 's/^ *Depends: //p' | grep -m 1 .; }
