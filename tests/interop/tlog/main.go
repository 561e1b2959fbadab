// Command verifylog checks files of a log with libraries that others wrote, unmodified:
// golang.org/x/mod (notes, tree) and filippo.io/torchwood (cosignatures, policies, tiles, proofs).
//
//	verifylog checkpoint  VKEY CHECKPOINT                      a log key has signed it
//	verifylog inclusion   VKEY CHECKPOINT INDEX ENTRY PATH     the entry is at that index
//	verifylog consistency VKEY OLD-CHECKPOINT NEW-CHECKPOINT PATH
//	verifylog proof       POLICY ENTRY TLOG-PROOF              logged, and the quorum has cosigned
//	verifylog log         VKEY DIR                             every tile and entry of DIR
//
// A PATH holds a base64 hash a line. What was verified is printed; any failure ends with status 1.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func check(err error) {
	if err != nil {
		log.Fatalf("refused: %v", err)
	}
}

func read(name string) []byte {
	data, err := os.ReadFile(name)
	check(err)
	return data
}

// open verifies a checkpoint with x/mod alone: the note by its key, the text as a tree.
func open(vkey, name string) (tlog.Tree, *note.Note) {
	verifier, err := note.NewVerifier(vkey)
	check(err)
	signed, err := note.Open(read(name), note.VerifierList(verifier))
	check(err)
	origin, rest, _ := strings.Cut(signed.Text, "\n")
	if origin != verifier.Name() {
		log.Fatalf("refused: the origin is %q", origin)
	}
	// x/mod reads the trees of one log alone, whose first line this is; size and root are the same.
	tree, err := tlog.ParseTree([]byte("go.sum database tree\n" + rest))
	check(err)
	return tree, signed
}

func hashes(name string) (path []tlog.Hash) {
	for line := range strings.Lines(string(read(name))) {
		hash, err := tlog.ParseHash(strings.TrimSuffix(line, "\n"))
		check(err)
		path = append(path, hash)
	}
	return path
}

func checkpoint(args []string) {
	tree, signed := open(args[0], args[1])
	fmt.Printf("x/mod note: %s signed size %d, root %s\n", signed.Sigs[0].Name, tree.N, tree.Hash)
}

func inclusion(args []string) {
	tree, _ := open(args[0], args[1])
	index, err := strconv.ParseInt(args[2], 10, 64)
	check(err)
	check(tlog.CheckRecord(hashes(args[4]), tree.N, tree.Hash, index, tlog.RecordHash(read(args[3]))))
	fmt.Printf("x/mod tlog: entry %d is in the tree of size %d\n", index, tree.N)
}

func consistency(args []string) {
	before, _ := open(args[0], args[1])
	after, _ := open(args[0], args[2])
	check(tlog.CheckTree(hashes(args[3]), after.N, after.Hash, before.N, before.Hash))
	fmt.Printf("x/mod tlog: the tree of size %d begins with that of size %d\n", after.N, before.N)
}

func proof(args []string) {
	policy, err := torchwood.ParsePolicy(read(args[0]))
	check(err)
	data := read(args[2])
	check(torchwood.VerifyProof(policy, tlog.RecordHash(read(args[1])), data))
	_, signed, _ := strings.Cut(string(data), "\n\n")
	verified, opened, err := torchwood.VerifyCheckpoint([]byte(signed), policy)
	check(err)
	fmt.Printf("torchwood: the entry is in %s of size %d\n", verified.Origin, verified.N)
	for _, signature := range opened.Sigs {
		if signature.Name != verified.Origin {
			time, err := torchwood.CosignatureTimestamp(signature)
			check(err)
			fmt.Printf("torchwood: cosigned by %s at %d\n", signature.Name, time)
		}
	}
}

func wholeLog(args []string) {
	tree, _ := open(args[0], args[1]+"/checkpoint")
	files, err := torchwood.NewTileFS(os.DirFS(args[1]))
	check(err)
	client, err := torchwood.NewClient(files)
	check(err)
	count := int64(0)
	for range client.AllEntries(context.Background(), tree, 0) {
		count++
	}
	check(client.Err())
	if count != tree.N {
		log.Fatalf("refused: %d entries of %d", count, tree.N)
	}
	fmt.Printf("torchwood: all %d entries are in the tiles and in the tree\n", count)
}

func main() {
	log.SetFlags(0)
	commands := map[string]struct {
		args int
		run  func([]string)
	}{
		"checkpoint": {2, checkpoint}, "inclusion": {5, inclusion}, "consistency": {4, consistency},
		"proof": {3, proof}, "log": {2, wholeLog},
	}
	if len(os.Args) > 1 {
		if command, ok := commands[os.Args[1]]; ok && len(os.Args) == 2+command.args {
			command.run(os.Args[2:])
			return
		}
	}
	log.Fatal("usage: verifylog checkpoint|inclusion|consistency|proof|log ARGUMENTS (see main.go)")
}
