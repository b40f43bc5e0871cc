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
	"os"

	"github.com/tvstats/tvstats/internal/store"
)

// maxManifest bounds what is read of an entry that is no part, in bytes; a manifest has about 200 a day of viewing.
const maxManifest = 64 << 20

// File is a backup that is open for reading. Its parts are where its manifest says; what is in them was not looked at yet.
type File struct {
	Manifest
	file     *os.File
	name     string
	offsets  map[string]int64 // of parts and their sizes, by name
	sizes    map[string]int64
	contents map[string][]byte // of the entries that are no parts
}

// Open opens a backup and checks all but the contents of its parts.
func Open(name string) (*File, error) {
	file, err := os.Open(name) //nolint:gosec // to read the file that the user names is what this is for
	if err != nil {
		return nil, err
	}
	f := &File{file: file, name: name, offsets: map[string]int64{}, sizes: map[string]int64{}, contents: map[string][]byte{}}
	if err := f.scan(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), file.Close())
	}
	return f, nil
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

// scan finds all entries.
func (f *File) scan() error {
	archive := tar.NewReader(f.file)
	for first := true; ; first = false {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) && !first {
			break
		}
		if err != nil {
			at, _ := f.file.Seek(0, io.SeekCurrent) // where that fails, the error is clear without it
			return fmt.Errorf("%w: no archive from byte %d on: %w", ErrDamaged, at, err)
		}
		if first && header.Name != introName {
			return fmt.Errorf("%w: it is no backup of tvstats: it begins with %.40q", ErrDamaged, header.Name)
		}
		if err := f.note(archive, header); err != nil {
			return err
		}
	}
	return f.understand()
}

// note remembers an entry.
func (f *File) note(archive io.Reader, header *tar.Header) (err error) {
	if _, twice := f.sizes[header.Name]; twice {
		return fmt.Errorf("%w: %.80q is in it twice", ErrDamaged, header.Name)
	}
	f.sizes[header.Name] = header.Size
	switch header.Name {
	case introName, manifestName, checksumName:
		content, err := io.ReadAll(io.LimitReader(archive, maxManifest))
		if err != nil {
			return fmt.Errorf("%w: %s: %w", ErrDamaged, header.Name, err)
		}
		f.contents[header.Name] = content
		if header.Name == introName && string(content) != intro {
			return fmt.Errorf("%w: its format is %.40q, this program knows %q; use the version that wrote it or a later one",
				store.ErrNewerSchema, content, intro)
		}
	default:
		f.offsets[header.Name], err = f.file.Seek(0, io.SeekCurrent)
	}
	return err
}

// understand reads the manifest and holds the entries to it.
func (f *File) understand() error {
	manifest, sum := f.contents[manifestName], string(f.contents[checksumName])
	if sum == "" {
		return fmt.Errorf("%w: its end is missing: %s is not in it", ErrDamaged, checksumName)
	}
	if checksum(manifest)+"\n" != sum {
		return fmt.Errorf("%w: %s does not fit its checksum", ErrDamaged, manifestName)
	}
	if err := json.Unmarshal(manifest, &f.Manifest); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrDamaged, manifestName, err)
	}
	for _, part := range f.State.Parts {
		if size, there := f.sizes[part.Name]; !there || size != part.Bytes {
			return fmt.Errorf("%w: %s has %d bytes in the place of %d", ErrDamaged, part.Name, size, part.Bytes)
		}
	}
	if len(f.offsets) != len(f.State.Parts) {
		return fmt.Errorf("%w: it has %d parts in the place of %d", ErrDamaged, len(f.offsets), len(f.State.Parts))
	}
	return nil
}

// Part returns the content of a part, for a store.Loader.
func (f *File) Part(part store.Part) (io.ReadCloser, error) {
	return io.NopCloser(io.NewSectionReader(f.file, f.offsets[part.Name], part.Bytes)), nil
}

// EachPart hands over one part after the other, as they are; Verify or Load says whether they are what was written.
func (f *File) EachPart(use func(store.Part, io.Reader) error) error {
	for _, part := range f.State.Parts {
		if err := use(part, io.NewSectionReader(f.file, f.offsets[part.Name], part.Bytes)); err != nil {
			return fmt.Errorf("%s: %s: %w", f.name, part.Name, err)
		}
	}
	return nil
}

// Verify reads all parts and holds them to their checksums.
func (f *File) Verify(ctx context.Context) error {
	for _, part := range f.State.Parts {
		if err := ctx.Err(); err != nil {
			return err
		}
		hash := sha256.New()
		if _, err := io.Copy(hash, io.NewSectionReader(f.file, f.offsets[part.Name], part.Bytes)); err != nil {
			return fmt.Errorf("%s: %s: %w", f.name, part.Name, err)
		}
		if hex.EncodeToString(hash.Sum(nil)) != part.SHA256 {
			return fmt.Errorf("%w: %s: %s does not fit its checksum", ErrDamaged, f.name, part.Name)
		}
	}
	return nil
}

// Load makes a store of the backup, whole or not at all.
func (f *File) Load(ctx context.Context, into store.Loader) error {
	if err := into(ctx, f.State, f.Part); err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	return nil
}
