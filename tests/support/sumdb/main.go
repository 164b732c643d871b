// Command sumdb serves a real Go checksum database on a free loopback port: a signed, growing transparency log of the
// modules in a folder. It prints its URL when it listens, and ends when its
// standard input does.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/dirhash"
	"golang.org/x/mod/sumdb/note"
)

func main() {
	modules := flag.String("modules", "", "folder with PATH/@v/VERSION.mod and .zip, names escaped as in URLs")
	name := flag.String("name", "sum.example", "name of the database, as it signs")
	generate := flag.Bool("generate", false, "print a new signing key and its verifier key, and end")
	flag.Parse()

	if *generate {
		signer, verifier, err := note.GenerateKey(nil, *name)
		check(err)
		fmt.Printf("%s\n%s\n", signer, verifier)
		return
	}

	// In the environment and not an argument: keys of tests are no secret, but keys do not belong in process lists.
	signer := os.Getenv("SUMDB_SIGNER")
	ops := sumdb.NewTestServer(signer, func(path, version string) ([]byte, error) {
		return goSum(*modules, path, version)
	})
	server := sumdb.NewServer(ops)
	mux := http.NewServeMux()
	for _, path := range sumdb.ServerPaths {
		mux.Handle(path, server)
	}

	// Its standard input ends when the process that started it does, however that comes about.
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	fmt.Printf("http://%s\n", listener.Addr())
	check(http.Serve(listener, mux))
}

// goSum gives the two lines of a go.sum file that belong to a module version, from its zip and its go.mod file.
func goSum(modules, path, version string) ([]byte, error) {
	escapedPath, err := module.EscapePath(path)
	if err != nil {
		return nil, err
	}
	escapedVersion, err := module.EscapeVersion(version)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(modules, escapedPath, "@v", escapedVersion)
	zipSum, err := dirhash.HashZip(file+".zip", dirhash.Hash1)
	if err != nil {
		return nil, err
	}
	modSum, err := dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) {
		return os.Open(file + ".mod")
	})
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "%s %s %s\n%s %s/go.mod %s\n", path, version, zipSum, path, version, modSum), nil
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
