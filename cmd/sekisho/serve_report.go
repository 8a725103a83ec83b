// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/sekisho/sekisho/event"
)

// serveReport serves the report of a case on the loopback address, read-only, until the context ends. ready is told the
// address to open.
func serveReport(ctx context.Context, dir string, port uint16, ready func(url string)) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return event.Tell("報告書を表示できません：%v", "serve the report: %v", err)
	}
	defer root.Close()
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(int(port))))
	if err != nil {
		return event.Tell("報告書を表示できません：%v：別の --port を指定してください", "serve the report: %v: choose another --port", err)
	}
	s := &http.Server{Handler: reportHandler(root.FS(), l.Addr().String()), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: time.Minute, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	stop := context.AfterFunc(ctx, func() { s.Close() })
	defer stop()
	ready("http://" + l.Addr().String() + "/")
	if err := s.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return event.Tell("報告書を表示できません：%v", "serve the report: %v", err)
	}
	return nil
}

// shown says whether a path below a case folder is part of its report. The event store, the log of unparsed records and
// whatever else lies there is not served.
func shown(name string) bool {
	switch name {
	case "report.html", "first.html", "first.ja.md", "first.en.md", "case.json", "manifest.json":
		return true
	}
	rest, ok := strings.CutPrefix(name, "figures/")
	return ok && strings.HasSuffix(rest, ".svg") && !strings.Contains(rest, "/")
}

// reportHandler serves the files of a report. Only requests that name this very address are answered: a page of
// another site, whose name was made to lead here, is not.
func reportHandler(files fs.FS, host string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		_, port, _ := net.SplitHostPort(host)
		switch {
		case r.Host != host && r.Host != "localhost:"+port:
			http.Error(w, "this address is not served here", http.StatusMisdirectedRequest)
			return
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "only reading is possible here", http.StatusMethodNotAllowed)
			return
		}
		name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
		if name == "" {
			name = "report.html"
		}
		if !shown(name) {
			http.NotFound(w, r)
			return
		}
		http.ServeFileFS(w, r, files, name)
	})
}
