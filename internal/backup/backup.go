// Package backup is the format of a backup: the parts of a store's whole state in one file, from which a store of either
// kind can be made.
//
// A file is a tar archive. Its first entry says what it is, then come the parts as internal/store/parts.go describes them,
// then the manifest, which lists them with their checksums, and at last the checksum of the manifest: a file that was cut
// off anywhere lacks the end, and one that was changed anywhere does not fit what it says of itself.
package backup

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tvstats/tvstats/internal/store"
)

// Entries of the archive that are no parts.
const (
	introName    = "tvstats-backup"
	manifestName = "manifest.json"
	checksumName = "manifest.sha256"
)

// intro is what the first entry says; the number is that of the format.
const intro = "tvstats backup 1\n"

// ErrDamaged means that the file is not what was written; the error says where it is wrong.
var ErrDamaged = store.ErrDamaged

// ErrUnsupported means that the store cannot be read as a whole.
var ErrUnsupported = errors.New("the store that this service uses cannot be backed up")

// Manifest says what is in a backup.
type Manifest struct {
	CreatedAt time.Time      `json:"created_at"` // when it was begun: what was acknowledged before is in it
	State     store.Manifest `json:"state"`
}

// Write writes the whole state of the store as of now. If it fails what was written is no backup.
func Write(ctx context.Context, out io.Writer, from store.Snapshotter, now time.Time) (manifest Manifest, err error) {
	state, err := from.Snapshot(ctx)
	if err != nil {
		return manifest, err
	}
	defer func() { err = errors.Join(err, state.Close()) }()
	manifest.CreatedAt = now.UTC()
	w := &writer{tar.NewWriter(out), manifest.CreatedAt}
	if err := w.entry(introName, int64(len(intro)), strings.NewReader(intro)); err != nil {
		return manifest, err
	}
	manifest.State, err = state.WriteParts(ctx, func(part store.Part, content io.Reader) error {
		return w.entry(part.Name, part.Bytes, content)
	})
	if err != nil {
		return manifest, err
	}
	return manifest, w.end(manifest)
}

type writer struct {
	*tar.Writer
	now time.Time
}

func (w *writer) entry(name string, size int64, content io.Reader) error {
	err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: w.now, Format: tar.FormatPAX})
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if _, err := io.Copy(w, content); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// end writes what makes the file whole.
func (w *writer) end(manifest Manifest) error {
	text, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return err
	}
	for _, last := range []struct{ name, content string }{{manifestName, string(text)}, {checksumName, checksum(text) + "\n"}} {
		if err := w.entry(last.name, int64(len(last.content)), strings.NewReader(last.content)); err != nil {
			return err
		}
	}
	return w.Close()
}

func checksum(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
