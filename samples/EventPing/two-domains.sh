#!/bin/sh
# EventPing between two domains, on the test bed: two-domains.sh [rounds]
set -eu
cd "$(dirname "$0")"
../../build/install-tools.sh tests
dotnet publish EventPing.csproj -c Release -v quiet -nologo
exec dotnet run --project TwoDomains -c Release -v quiet -- bin/Release/net10.0/linux-x64/publish/EventPing.xen "$@"
