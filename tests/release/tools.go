// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Package tools names what scripts/release-tools builds of other modules, so that go.mod keeps it.
package tools

import _ "github.com/rhysd/actionlint/cmd/actionlint"
