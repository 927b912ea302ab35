//go:build tools

// Package conformance only names the programs, so that go.mod and go.sum pin them and all they need.
package conformance

import (
	_ "github.com/summerwind/h2spec/cmd/h2spec"
	_ "google.golang.org/grpc/interop/client"
	_ "google.golang.org/grpc/interop/server"
)
