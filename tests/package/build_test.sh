#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds what the other tests here look at: the Debian package, and the image without any tool.
set -eu
cd "$(dirname "$0")/../.."

scripts/setup build image package || {
    echo "skipped: what packaging needs cannot be installed here"
    exit 77
}
scripts/package "$1"
scripts/build-image --here --folder "$1"
