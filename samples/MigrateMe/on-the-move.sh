#!/bin/sh
# MigrateMe saved, restored and migrated on the test bed: on-the-move.sh [rounds]
set -eu
cd "$(dirname "$0")"
../../build/install-tools.sh tests
dotnet publish MigrateMe.csproj -c Release -v quiet -nologo
exec dotnet run --project Host -c Release -v quiet -- bin/Release/net10.0/linux-x64/publish/MigrateMe.xen "$@"
