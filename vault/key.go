// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// keyName is the file that holds the signing key: PKCS #8 in PEM, as openssl reads it.
const keyName = "signing.key"

// Key signs. The zero value is no key.
type Key struct{ private ed25519.PrivateKey }

// NewKey makes a key from random bytes (crypto/rand, or a test's own). It is kept nowhere.
func NewKey(random io.Reader) (Key, error) {
	_, private, err := ed25519.GenerateKey(random)
	if err != nil {
		return Key{}, fmt.Errorf("vault: make a signing key: %w", err)
	}
	return Key{private}, nil
}

// Public returns the public key.
func (k Key) Public() ed25519.PublicKey { return k.private.Public().(ed25519.PublicKey) }

// Sign returns the key's signature of a message.
func (k Key) Sign(message []byte) []byte { return ed25519.Sign(k.private, message) }

// Fingerprint returns the public key's fingerprint.
func (k Key) Fingerprint() string { return Fingerprint(k.Public()) }

// Fingerprint returns a short name for a public key that people can compare: "SHA256:" and 43 letters.
func Fingerprint(public ed25519.PublicKey) string {
	sum := sha256.Sum256(public)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// Home returns the folder that keeps the signing key: $SEKISHO_HOME, else the folder sekisho where the system keeps
// settings of the user.
func Home() (string, error) {
	if home := os.Getenv("SEKISHO_HOME"); home != "" {
		return home, nil
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("vault: find a place for the signing key: %w; set SEKISHO_HOME to a folder", err)
	}
	return filepath.Join(dir, "sekisho"), nil
}

// OpenKey returns the key kept in the folder home. made says that there was none and one was made (crypto/rand).
func OpenKey(home string) (key Key, made bool, err error) {
	path := filepath.Join(home, keyName)
	key, err = readKey(path)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return key, false, err
	}
	key, err = NewKey(nil)
	if err != nil {
		return Key{}, false, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key.private)
	if err != nil {
		return Key{}, false, fmt.Errorf("vault: encode the signing key: %w", err)
	}
	if err := os.MkdirAll(home, 0o700); err != nil {
		return Key{}, false, fmt.Errorf("vault: make a place for the signing key: %w; set SEKISHO_HOME to a folder that can be written", err)
	}
	// Written aside and linked into place: of two that start at once, one wins and the other takes its key.
	temp, err := os.CreateTemp(home, keyName+".*")
	if err != nil {
		return Key{}, false, fmt.Errorf("vault: keep the signing key: %w", err)
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil { // CreateTemp makes it 0600
		return Key{}, false, fmt.Errorf("vault: keep the signing key: %w", full(err))
	}
	if err := settle(temp.Name(), path); errors.Is(err, fs.ErrExist) {
		key, err = readKey(path)
		return key, false, err
	} else if err != nil {
		return Key{}, false, fmt.Errorf("vault: keep the signing key: %w", err)
	}
	return key, true, nil
}

// LocalKey returns the public key kept in the folder home; nil where there is none.
func LocalKey(home string) (ed25519.PublicKey, error) {
	key, err := readKey(filepath.Join(home, keyName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return key.Public(), nil
}

func readKey(path string) (Key, error) {
	fi, err := os.Stat(path)
	if err != nil {
		return Key{}, fmt.Errorf("vault: read the signing key: %w", err)
	}
	if runtime.GOOS != "windows" && fi.Mode().Perm()&0o077 != 0 {
		return Key{}, fmt.Errorf("vault: read the signing key: %s may be read by others (mode %04o); run: chmod 600 %s", path, fi.Mode().Perm(), path)
	}
	b, err := readSmall(path, 64<<10)
	if err != nil {
		return Key{}, fmt.Errorf("vault: read the signing key: %w", err)
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return Key{}, fmt.Errorf("vault: read the signing key: %s is not PEM; move it away and a new one is made", path)
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return Key{}, fmt.Errorf("vault: read the signing key %s: %w", path, err)
	}
	private, ok := k.(ed25519.PrivateKey)
	if !ok {
		return Key{}, fmt.Errorf("vault: read the signing key: %s is not an Ed25519 key", path)
	}
	return Key{private}, nil
}

// ParseTrust reads what a person gives as the key to trust: a fingerprint ("SHA256:…"), a public key in base64, or the name of
// a PEM file with a public or private key. It returns the fingerprint.
func ParseTrust(text string) (string, error) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "SHA256:") {
		if b, err := base64.RawStdEncoding.DecodeString(text[len("SHA256:"):]); err != nil || len(b) != sha256.Size {
			return "", fmt.Errorf("vault: key %q: is not a whole fingerprint", text)
		}
		return text, nil
	}
	if b, err := base64.StdEncoding.DecodeString(text); err == nil && len(b) == ed25519.PublicKeySize {
		return Fingerprint(b), nil
	}
	b, err := readSmall(text, 64<<10)
	if err != nil {
		return "", fmt.Errorf("vault: key %q: is neither a fingerprint nor a public key in base64 nor a file: %w", text, err)
	}
	if block, _ := pem.Decode(b); block != nil {
		if k, err := x509.ParsePKIXPublicKey(block.Bytes); err == nil {
			if public, ok := k.(ed25519.PublicKey); ok {
				return Fingerprint(public), nil
			}
		}
		if k, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
			if private, ok := k.(ed25519.PrivateKey); ok {
				return Key{private}.Fingerprint(), nil
			}
		}
	}
	return "", fmt.Errorf("vault: key %s: holds no Ed25519 key in PEM", text)
}

// readSmall reads a file that must not be larger than limit.
func readSmall(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%s is larger than %d bytes", path, limit)
	}
	return b, err
}
