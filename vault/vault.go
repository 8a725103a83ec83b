// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package vault seals: it digests what was received, so that any later change is found and named by file and block, signs
// what it digested, and copies originals into safety with a record of custody. It reads bytes, never what they mean.
//
//	d := vault.NewDigest()
//	io.Copy(d, file)
//	m := vault.NewManifest("1.0")
//	m.Add(d.Entry(vault.KindInput, "logs/slapd.log"))
//	err := vault.Seal(caseDir, m, key)
//	report, err := vault.Verify(ctx, caseDir, vault.VerifyOptions{})
package vault

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
)

// ErrNoSpace says that the disk is, or would be, full.
var ErrNoSpace = errors.New("not enough free space")

// Person says who did something, and on which machine.
type Person struct {
	User string `json:"user"`
	UID  string `json:"uid"`
	Host string `json:"host"`
}

// Me returns who runs this program. What the system does not tell is empty.
func Me() Person {
	p := Person{UID: strconv.Itoa(os.Getuid())}
	if u, err := user.Current(); err == nil {
		p.User, p.UID = u.Username, u.Uid
	}
	p.Host, _ = os.Hostname()
	return p
}

// writeWhole writes a file so that it is there whole or not at all, replacing one of that name.
func writeWhole(path string, content []byte, mode os.FileMode) (err error) {
	temp := path + ".partial"
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return fmt.Errorf("vault: write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			os.Remove(temp)
			err = fmt.Errorf("vault: write %s: %w", path, full(err))
		}
	}()
	if _, err = f.Write(content); err != nil {
		f.Close()
		return err
	}
	if err = f.Sync(); err != nil {
		f.Close()
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	if err = os.Rename(temp, path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}
