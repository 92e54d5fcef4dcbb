// SPDX-License-Identifier: Apache-2.0

// registry is the CNCF registry with no storage but the file system, which compiles in a fraction of
// the time of its own main package.
package main

import (
	"github.com/distribution/distribution/v3/registry"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
)

func main() {
	_ = registry.RootCmd.Execute()
}
