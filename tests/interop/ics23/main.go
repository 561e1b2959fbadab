// Command ics23 asks the unmodified cosmos/ics23 whether proofs hold under the SmtSpec.
//
// It reads one question a line from standard input, all fields in hexadecimal,
//
//	{"root": "…", "key": "…", "value": "…", "proof": "…"}
//
// without "value" when the key is said to be absent, and answers each with a line: "holds",
// "fails", or "unreadable" when the bytes are no CommitmentProof. A proof that makes the library
// panic fails.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log"
	"os"

	ics23 "github.com/cosmos/ics23/go"
)

type octets []byte

func (o *octets) UnmarshalText(text []byte) (err error) {
	*o, err = hex.DecodeString(string(text))
	return err
}

type question struct {
	Root  octets  `json:"root"`
	Key   octets  `json:"key"`
	Value *octets `json:"value"`
	Proof octets  `json:"proof"`
}

func answer(q question) (verdict string) {
	defer func() {
		if recover() != nil {
			verdict = "fails"
		}
	}()
	var proof ics23.CommitmentProof
	if err := proof.Unmarshal(q.Proof); err != nil {
		return "unreadable"
	}
	holds := false
	if q.Value != nil {
		holds = ics23.VerifyMembership(ics23.SmtSpec, []byte(q.Root), &proof, q.Key, *q.Value)
	} else {
		holds = ics23.VerifyNonMembership(ics23.SmtSpec, []byte(q.Root), &proof, q.Key)
	}
	if holds {
		return "holds"
	}
	return "fails"
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var q question
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			log.Fatal(err)
		}
		fmt.Println(answer(q))
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
}
