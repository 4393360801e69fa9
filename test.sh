#!/bin/sh
# Every test there is, or those of the projects named: test.sh [Abi] [Kernel] ...
# Or one of those that take long, and are no part of these: test.sh --soak [MINUTES], test.sh --journey [SAVES [MIGRATIONS]],
# test.sh --balloon [CYCLES]
#
# Installs what is missing (build/install-tools.sh), builds the solution, checks its formatting and runs each test project, the fastest
# first. Each leaves a report and a log in TestResults/. The last line is the sum: N passed, N failed, N skipped. A step that fails, and
# a project that crashes or does not end in time, count as one failed test.
set -u
cd "$(dirname "$0")" || exit 1
exec </dev/null

limit=2700 # seconds that one project may take
fastest="Architecture Abi Kernel"
soak=20 # minutes that the soak takes
saves=50 migrations=20 # what a journey consists of
cycles=50 # how often the balloon goes down and up

export DOTNET_NOLOGO=true DOTNET_CLI_TELEMETRY_OPTOUT=true DOTNET_CLI_UI_LANGUAGE=en
export MSBUILDDISABLENODEREUSE=1 # nothing stays behind

results=$PWD/TestResults
filter= # options for the test program: which of its tests run
passed=0 failed=0 skipped=0

finish() {
        echo "$passed passed, $failed failed, $skipped skipped"
        [ "$failed" = 0 ]
        exit
}

# step NAME COMMAND...: shows what the command said only if it fails.
step() {
        step=$1
        shift
        started=$(date +%s)
        if "$@" >"$results/$step.log" 2>&1; then
                echo "$step: done in $(($(date +%s) - started)) s"
        else
                cat "$results/$step.log"
                echo "$step: FAILED"
                failed=$((failed + 1))
                return 1
        fi
}

# count NAME REPORT: a number from the report's <assembly> element; 0 if there is no report.
count() {
        number=$(sed -n 's/.*<assembly [^>]* '"$1"'="\([0-9]*\)".*/\1/p' "$2" 2>/dev/null | head -n 1)
        echo "${number:-0}"
}

run() {
        project=Xenolith.$1.Tests
        program=test/$project/bin/Release/net10.0/$project.dll
        report=$results/$project.xml
        log=$results/$project.log
        started=$(date +%s)
        rm -f "$report"
        timeout --kill-after=20 "$limit" dotnet exec "$program" --no-ansi --progress off --show-stdout failed --show-stderr failed \
                --results-directory "$results" --report-xunit-xml --report-xunit-xml-filename "$project.xml" $filter >"$log" 2>&1
        code=$?
        took="$(($(date +%s) - started)) s"

        good=$(count passed "$report")
        bad=$(($(count failed "$report") + $(count errors "$report")))
        left=$(count skipped "$report")
        # No report, no test, or a failure that is not in the report: the project itself failed.
        [ "$code" = 0 ] || [ "$bad" != 0 ] || bad=1
        passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + left))
        if [ "$bad" = 0 ]; then
                echo "$project: $good passed, $left skipped in $took"
                return
        fi
        cat "$log"
        case $code in
                124 | 137) echo "$project: FAILED, did not end within $limit s" ;;
                *) echo "$project: FAILED, $good passed, $bad failed, $left skipped in $took (exit code $code)" ;;
        esac
}

mkdir -p "$results"
command -v dotnet >/dev/null || {
        echo "xenolith: the .NET SDK is not installed: get .NET 10 from https://dot.net/download" >&2
        failed=1
        finish
}
step tools build/install-tools.sh tests || finish

# soak CLASS SECONDS: runs the tests of a class, which may take so much longer than others, and shows the programs' figures as they come.
soak() {
        step build-Soak dotnet build test/Xenolith.Soak.Tests -c Release -v quiet || return
        export XENOLITH_SOAK_FIGURES="$results/soak.txt"
        limit=$((limit + $2))
        filter="--filter-class *.$1"
        : >"$XENOLITH_SOAK_FIGURES"
        tail -f "$XENOLITH_SOAK_FIGURES" &
        shown=$!
        set -f # the class begins with a star
        run Soak
        set +f
        kill "$shown"
}

# numbers WORDS...: whether all are whole numbers above 0.
numbers() {
        for word in "$@"; do
                case $word in
                        *[!0-9]* | 0 | '') return 1 ;;
                esac
        done
}

if [ "${1:-}" = --soak ]; then
        minutes=${2:-$soak}
        numbers "$minutes" || { echo "usage: test.sh --soak [MINUTES], a whole number" >&2 && exit 2; }
        export XENOLITH_SOAK_MINUTES="$minutes"
        soak SoakTests $((120 * minutes))
elif [ "${1:-}" = --journey ]; then
        saves=${2:-$saves} migrations=${3:-$migrations}
        numbers "$saves" "$migrations" || { echo "usage: test.sh --journey [SAVES [MIGRATIONS]], whole numbers" >&2 && exit 2; }
        export XENOLITH_JOURNEY_SAVES="$saves" XENOLITH_JOURNEY_MIGRATIONS="$migrations"
        soak JourneyTests $((240 * (saves + migrations)))
elif [ "${1:-}" = --balloon ]; then
        cycles=${2:-$cycles}
        numbers "$cycles" || { echo "usage: test.sh --balloon [CYCLES], a whole number" >&2 && exit 2; }
        export XENOLITH_SOAK_CYCLES="$cycles"
        soak BalloonSoakTests $((120 * cycles))
elif [ $# = 0 ]; then
        step build dotnet build Xenolith.slnx -c Release -v quiet || finish
        step format dotnet format Xenolith.slnx --verify-no-changes --no-restore --severity warn
        # The kernel has no framework for the formatter's analysis to load.
        step format-kernel dotnet format whitespace src/Xenolith.Kernel --folder --verify-no-changes --exclude src/Xenolith.Kernel/obj
        others=$(find test -path '*/bin' -prune -o -name 'Xenolith.*.Tests.csproj' ! -name Xenolith.Soak.Tests.csproj -print | sed 's|.*/Xenolith\.\(.*\)\.Tests\.csproj|\1|' | sort)
        for name in $fastest; do
                run "$name"
        done
        for name in $others; do
                case " $fastest " in
                        *" $name "*) ;;
                        *) run "$name" ;;
                esac
        done
else
        for name in "$@"; do
                step "build-$name" dotnet build "test/Xenolith.$name.Tests" -c Release -v quiet && run "$name"
        done
fi
finish
