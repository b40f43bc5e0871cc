package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"mime"
	"net/http"
	"path"
	"strings"
)

// dist is what `make web` builds of the sources beside it.
//
//go:embed dist
var dist embed.FS

// Console serves the pages.
func Console() http.Handler {
	files := map[string]*asset{}
	entries, err := dist.ReadDir("dist")
	if err != nil {
		panic(err) // the directory is embedded above
	}
	for _, entry := range entries {
		content, err := dist.ReadFile("dist/" + entry.Name())
		if err != nil {
			panic(err) // likewise
		}
		files["/"+entry.Name()] = newAsset(entry.Name(), content)
	}
	files["/"] = files["/index.html"]
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file, ok := files[r.URL.Path]
		if !ok {
			http.Error(w, "there is no such page; the console is at /", http.StatusNotFound)
			return
		}
		file.ServeHTTP(w, r)
	})
}

// asset is a file of the console, plain and compressed.
type asset struct {
	kind, tag  string
	plain, zip []byte
}

func newAsset(name string, content []byte) *asset {
	digest := sha256.Sum256(content)
	a := &asset{kind: mime.TypeByExtension(path.Ext(name)), tag: hex.EncodeToString(digest[:8]), plain: content}
	var buffer bytes.Buffer
	writer, err := gzip.NewWriterLevel(&buffer, gzip.BestCompression)
	if err == nil {
		_, err = writer.Write(content)
	}
	if err == nil {
		err = writer.Close()
	}
	if err != nil {
		panic(err) // memory takes all
	}
	a.zip = buffer.Bytes()
	return a
}

// ServeHTTP sends the file, or says that the browser has it.
func (a *asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	content, tag := a.plain, a.tag
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		content, tag = a.zip, a.tag+"-gzip"
	}
	header := w.Header()
	header.Set("Cache-Control", "no-cache")
	header.Set("Etag", fmt.Sprintf("%q", tag))
	header.Set("Vary", "Accept-Encoding")
	if r.Header.Get("If-None-Match") == header.Get("Etag") {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Type", a.kind)
	header.Set("Content-Length", fmt.Sprint(len(content)))
	if tag != a.tag {
		header.Set("Content-Encoding", "gzip")
	}
	_, _ = w.Write(content) // of a HEAD nothing; a caller that has gone does not matter
}
