#!/bin/sh
# Makes the kernel object: build-object.sh ILC ASSEMBLY.dll WORKDIR OUT.o SIZE_LIMIT FILE.S...
# Fails, naming the reason, when the object breaks one of the kernel's rules.
set -eu
ilc=$1 assembly=$2 work=$3 out=$4 limit=$5
shift 5
fail() { echo "kernel build: $*" >&2; exit 1; }

mkdir -p "$work" "$(dirname "$out")"
chmod +x "$ilc" 2>/dev/null || true
"$ilc" "$assembly" -o "$work/managed.o" --systemmodule:xenolith-kernel -O -g --directpinvoke:'*' --noinlinetls --instruction-set:-avx
objects=
for source in "$@"; do
    object="$work/$(basename "$source" .S).o"
    gcc -c -g -Wa,--fatal-warnings -ICpu "$source" -o "$object"
    objects="$objects $object"
done
# shellcheck disable=SC2086 # a list of file names
ld -r -o "$work/joined.o" "$work/managed.o" $objects

# The kernel's sections get names of their own: the program in the same image carries ILC's and the C library's.
renames=
for section in $(objdump -h "$work/joined.o" | awk '$1 ~ /^[0-9]+$/ {print $2}'); do
    case $section in
        .xl.*|.note.Xen|.note.GNU-stack|.comment|.debug_*) continue ;;
        .text*|__managedcode|__unbox) new=.xl.text.$section ;;
        .rodata*|.eh_frame|.dotnet_eh_table|.gcc_except_table) new=.xl.rodata.$section ;;
        .bss*|.tbss*) new=.xl.bss.$section ;;
        *) new=.xl.data.$section ;;
    esac
    renames="$renames --rename-section $section=$new"
done
# shellcheck disable=SC2086
objcopy --remove-section .eh_frame --remove-section .rela.eh_frame --remove-section .dotnet_eh_table --remove-section .rela.dotnet_eh_table --wildcard --keep-global-symbol='xl_*' $renames "$work/joined.o" "$work/kernel.o"

undefined=$(nm -u "$work/kernel.o" | awk '{print $2}' | grep -vxE 'xl_(image|text|kernel_text|rodata|data)_(start|end)|xl_symbols|xl_content|xl_build_id|_start' | tr '\n' ' ' || true)
[ -z "$undefined" ] || fail "the kernel refers to symbols that nothing defines: $undefined(a language feature that needs the managed runtime?)"
constructors=$(nm "$work/managed.o" | awk '{print $NF}' | grep -E '__cctor|StaticClassConstruction' | grep -v '^_lsda' | tr '\n' ' ' || true)
[ -z "$constructors" ] || fail "class constructors are not allowed in the kernel: $constructors(initialise the fields in an Initialize method)"
size=$(size -A "$work/kernel.o" | awk '$1 ~ /^\.xl\.(text|rodata|data)/ {sum += $2} END {print sum + 0}')
[ "$size" -le "$limit" ] || fail "the kernel takes $size bytes of code and data; its limit is $limit"
mv "$work/kernel.o" "$out"
