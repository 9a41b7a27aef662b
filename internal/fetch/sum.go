package fetch

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
)

// A Sum is a file's hash in hex: a SHA-256, or of 40 digits the SHA-1 that git gives a file (a blob).
type Sum string

// Git says which of the two it is.
func (s Sum) Git() bool { return len(s) == 2*sha1.Size }

// kind is the hash's name.
func (s Sum) kind() string {
	if s.Git() {
		return "git's SHA-1"
	}
	return "SHA-256"
}

// like is the hash of the same kind of a file on this machine.
func (s Sum) like(path string) (Sum, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha256.New()
	if s.Git() {
		info, err := file.Stat()
		if err != nil {
			return "", err
		}
		sum = blob(info.Size())
	}
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return Sum(hex.EncodeToString(sum.Sum(nil))), nil
}

// blob begins git's hash of a file of so many bytes.
func blob(bytes int64) hash.Hash {
	sum := sha1.New()
	fmt.Fprintf(sum, "blob %d\x00", bytes)
	return sum
}

// SHA256 is that of a file on this machine, in hex.
func SHA256(path string) (string, error) {
	sum, err := Sum("").like(path)
	return string(sum), err
}
