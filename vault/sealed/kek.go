// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// KEK is the key under which the keys of eras are wrapped (a key-encryption key). It stands in a file of its own, outside the vault, and never in
// it: without it, what is encrypted cannot be read by anybody.
type KEK struct{ secret [32]byte }

const kekHead = "SEKISHO-VAULT-KEY-1 "

// NewKEK makes a key from random bytes (crypto/rand). It is kept nowhere.
func NewKEK() *KEK {
	k := new(KEK)
	rand.Read(k.secret[:])
	return k
}

// ReadKEK reads such a file, which nobody but its owner may read.
func ReadKEK(path string) (*KEK, error) {
	fi, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("sealed: read the vault's encryption key: %w", err)
	}
	if runtime.GOOS != "windows" && fi.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("sealed: read the vault's encryption key: %s may be read by others (mode %04o); run: chmod 600 %s", path, fi.Mode().Perm(), path)
	}
	text, err := readSmall(path, 1<<10)
	if err != nil {
		return nil, fmt.Errorf("sealed: read the vault's encryption key: %w", err)
	}
	code, ok := strings.CutPrefix(strings.TrimSpace(string(text)), kekHead)
	b, err := base64.StdEncoding.DecodeString(code)
	k := new(KEK)
	if !ok || err != nil || len(b) != len(k.secret) {
		return nil, fmt.Errorf("sealed: read the vault's encryption key: %s is none; sekisho vault key %s makes one, if there is no file", path, path)
	}
	copy(k.secret[:], b)
	return k, nil
}

// MakeKEK makes a key and writes it to a file that must not be there yet.
func MakeKEK(path string) (*KEK, error) {
	if _, err := os.Lstat(path); err == nil {
		return nil, fmt.Errorf("sealed: make an encryption key: %s: %w", path, fs.ErrExist)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("sealed: make an encryption key: %w", err)
	}
	k := NewKEK()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("sealed: make an encryption key: %w", err)
	}
	_, err = f.WriteString(kekHead + base64.StdEncoding.EncodeToString(k.secret[:]) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close(), syncFolder(filepath.Dir(path))); err != nil {
		return nil, fmt.Errorf("sealed: make an encryption key: %w", err)
	}
	return k, nil
}

// ID is a short name that tells keys apart and says nothing of the key.
func (k *KEK) ID() string {
	sum := sha256.Sum256(append([]byte("sekisho vault key\n"), k.secret[:]...))
	return hex.EncodeToString(sum[:8])
}

// wrap encrypts an era's key; unwrap is its inverse. about is bound to it.
func (k *KEK) wrap(key []byte, about string) ([]byte, error) {
	a, err := newAEAD(k.secret[:])
	if err != nil {
		return nil, err
	}
	return a.Seal(nil, nil, key, []byte(about)), nil
}

func (k *KEK) unwrap(b []byte, about string) ([]byte, error) {
	a, err := newAEAD(k.secret[:])
	if err != nil {
		return nil, err
	}
	return a.Open(nil, nil, b, []byte(about))
}

// newAEAD returns AES-256-GCM whose ciphertexts begin with their random nonce (NIST SP 800-38D: at most 2^32 messages a key, and an era has a key of its own
// for each month).
func newAEAD(key []byte) (cipher.AEAD, error) {
	b, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(b)
}
