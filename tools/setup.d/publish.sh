# From private package trees to the paths that the build uses. The rest of the build knows only these paths.
# All links are relative and all wrappers find their tree from where they stand: the whole tree may be moved.
# shellcheck shell=sh

# The paths that tree $1 provides.
tree_outputs() {
        case $1 in
        qemu-*)
                echo "build/bin/$1"
                for f in fw_dynamic.bin fw_dynamic.elf fw_jump.bin fw_jump.elf; do echo "build/opensbi/$(opensbi_of "$1")/$f"; done ;;
        libfdt-riscv64) printf 'build/libfdt-riscv64/%s\n' libfdt.a include/fdt.h include/libfdt.h include/libfdt_env.h ;;
        u-boot) printf 'build/u-boot/qemu-riscv64_smode/%s\n' u-boot.bin uboot.elf ;;
        linux-stable) printf 'build/linux/stable/%s\n' vmlinux dtbs kvm.ko.xz ;;
        busybox-riscv64) echo build/busybox-riscv64/busybox ;;
        cbmc) echo build/bin/cbmc ;;
        toolchain-14) printf 'build/toolchain-14/bin/riscv64-unknown-elf-%s\n' gcc ld objcopy ;;
        esac
}

# The OpenSBI that comes with QEMU tree $1.
opensbi_of() {
        case $1 in
        qemu-7.2) echo 1.1 ;;
        qemu-10) echo 1.6 ;;
        qemu-sid) echo sid ;;
        esac
}

# Change what tree $1, unpacked at $2, needs changed to work from any place.
tree_adapt() {
        case $1 in
        qemu-*)
                # QEMU looks for its modules and data below qemu-bundle beside the running program, which here is ld.so.
                ln -s ../../.. "$2/$(ld_so_of "$2" | sed 's,[^/]*$,,')qemu-bundle" && rm -rf "$2/etc/qemu" ;;
        cbmc)
                # One program of the package is wanted, with a library of minisat's beside the C library's.
                find "$2/usr/bin" -mindepth 1 ! -name cbmc -delete &&
                        ln -s ../libminisat.so.2 "$2/$(ld_so_of "$2" | sed 's,[^/]*$,,')" ;;
        toolchain-14) toolchain_adapt "$2" ;;
        esac
}

# The dynamic linker of the tree at $1, relative to it.
ld_so_of() { (cd "$1" && find usr/lib -name 'ld-linux*.so.*' -type f | grep -m 1 .); }

# Write wrapper $1: start $4 of the tree $3 (as seen from the wrapper) at $2 with that tree's own ld.so and
# libraries, after running the shell line $5.
wrapper_write() {
        ld_so=$(ld_so_of "$2") || return 1
        cat >"$1.new" <<END
#!/bin/sh
# Made by tools/setup: starts a program of another Debian suite with the C library that it was built for.
self=\$(readlink -f "\$0")
tree=\${self%/*}/$3
${5:-}
exec "\$tree/$ld_so" --argv0 "\$self" --library-path "\$tree/${ld_so%/*}" "\$tree/$4" "\$@"
END
        sed -i '/^$/d' "$1.new" && chmod +x "$1.new" && mv "$1.new" "$1"
}

# Make the paths of tree $1.
tree_publish() {
        pkg=build/pkg/$1
        case $1 in
        qemu-*)
                wrapper_write "build/bin/$1" "$pkg" "../pkg/$1" usr/bin/qemu-system-riscv64 &&
                        mkdir -p build/opensbi &&
                        ln -sfn "../pkg/$1/usr/lib/riscv64-linux-gnu/opensbi/generic" "build/opensbi/$(opensbi_of "$1")" &&
                        qemu_works "$1" ;;
        libfdt-riscv64)
                mkdir -p build/libfdt-riscv64 &&
                        ln -sfn ../pkg/libfdt-riscv64/usr/include build/libfdt-riscv64/include &&
                        ln -sfn ../pkg/libfdt-riscv64/usr/lib/riscv64-linux-gnu/libfdt.a build/libfdt-riscv64/libfdt.a ;;
        u-boot) ln -sfn pkg/u-boot/usr/lib/u-boot build/u-boot ;;
        linux-stable)
                mkdir -p build/linux/stable &&
                        ln -sfn "../../$(echo "$pkg"/boot/vmlinu* | sed s,^build/,,)" build/linux/stable/vmlinux &&
                        ln -sfn "../../$(echo "$pkg"/usr/lib/linux-image-* | sed s,^build/,,)" build/linux/stable/dtbs &&
                        ln -sfn "../../$(echo "$pkg"/usr/lib/modules/*/kernel/arch/riscv/kvm/kvm.ko.xz | sed s,^build/,,)" build/linux/stable/kvm.ko.xz &&
                        [ -e build/linux/stable/kvm.ko.xz ] ;;
        busybox-riscv64)
                mkdir -p build/busybox-riscv64 &&
                        ln -sfn ../pkg/busybox-riscv64/usr/bin/busybox build/busybox-riscv64/busybox ;;
        cbmc)
                wrapper_write build/bin/cbmc "$pkg" ../pkg/cbmc usr/bin/cbmc &&
                        build/bin/cbmc --version >>build/setup/log 2>&1 ;;
        toolchain-14)
                ln -sfn pkg/toolchain-14/usr build/toolchain-14 && toolchain_works ;;
        esac
}

# Does QEMU $1 start, is it of the series that its name says, and does it take nothing from the system's libraries?
qemu_works() {
        version=$("build/bin/$1" --version 2>>build/setup/log | sed -n '1s/.*version //p')
        case $1:$version in
        qemu-7.2:7.2.* | qemu-10:10.* | qemu-sid:?*) ;;
        *) echo "$1: found version '$version'" >>build/setup/log; return 1 ;;
        esac
        ld_so=$pkg/$(ld_so_of "$pkg")
        for elf in "$pkg/usr/bin/qemu-system-riscv64" "${ld_so%/*}"/qemu/*.so; do
                "$ld_so" --library-path "${ld_so%/*}" --list "$elf" || echo "$elf not found"
        done 2>&1 | grep -vE "=> $pkg/|linux-vdso|$pkg.*ld-linux|statically" | sort -u >build/setup/foreign
        cat build/setup/foreign >>build/setup/log
        [ ! -s build/setup/foreign ] && rm build/setup/foreign
}

# Make the toolchain at $1 relocatable: every program behind a wrapper, and picolibc where the compiler looks.
toolchain_adapt() {
        find "$1/usr/bin" "$1/usr/lib/gcc" "$1/usr/lib/riscv64-unknown-elf/bin" -type f -perm -100 \
                ! -name '*.so*' ! -name '*.sh' ! -name '*.o' ! -name mkheaders >build/setup/programs
        while read -r program; do
                path=${program#"$1"/}
                up=$(echo "${path%/*}" | sed 's,[^/][^/]*,..,g')
                case $path in
                usr/bin/*-gcc | usr/bin/*-gcc-[0-9]* | usr/bin/*-[cg]++ | usr/bin/*-cpp)
                        # shellcheck disable=SC2016 # for the wrapper to expand
                        first='case " $* " in *specs=picolibc*) set -- "--picolibc-prefix=$tree/usr" "$@" ;; esac' ;;
                *) first='' ;;
                esac
                mv "$program" "$program.real" && wrapper_write "$program" "$1" "$up" "$path.real" "$first" || return 1
        done <build/setup/programs
        rm build/setup/programs
        for specs in "$1"/usr/lib/picolibc/riscv64-unknown-elf/*.specs; do
                ln -s "../../../picolibc/riscv64-unknown-elf/${specs##*/}" "$1"/usr/lib/gcc/riscv64-unknown-elf/*/ || return 1
        done
}

# Does the private toolchain link a program against its picolibc?
toolchain_works() {
        echo '#include <stdio.h>
int main(void) { return puts("works"); }' >build/setup/works.c
        build/toolchain-14/bin/riscv64-unknown-elf-gcc -march=rv64imac -mabi=lp64 -mcmodel=medany -specs=picolibc.specs --oslib=semihost --crt0=semihost \
                -o build/setup/works.elf build/setup/works.c >>build/setup/log 2>&1 && rm build/setup/works.c build/setup/works.elf
}
