package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Partial is what the names of files end with that are not yet backups.
const Partial = ".partial"

// Create makes the file with what fill writes, and returns it open: it gets its name when it is on the disk and was read back
// and found to be whole. Whatever interrupts it leaves the file that had the name before, if there was one.
func Create(ctx context.Context, name string, fill func(io.Writer) error) (_ *File, err error) {
	temporary := name + Partial
	file, err := os.OpenFile(temporary, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temporary))
		}
	}()
	if err := errors.Join(fill(file), file.Sync(), file.Close()); err != nil {
		return nil, err
	}
	written, err := Open(temporary)
	if err != nil {
		return nil, fmt.Errorf("what was written is no backup: %w", err)
	}
	err = written.Verify(ctx)
	if err == nil {
		err = os.Rename(temporary, name)
	}
	if err != nil {
		return nil, errors.Join(err, written.Close())
	}
	written.name = name
	return written, syncFolder(filepath.Dir(name))
}

// syncFolder waits until what a folder lists is on the disk.
func syncFolder(name string) error {
	folder, err := os.Open(name) //nolint:gosec // the user's own
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
