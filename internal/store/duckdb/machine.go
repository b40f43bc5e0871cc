package duckdb

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/tvstats/tvstats/internal/store"
)

// machineFaults are errors that say nothing of the store's files: the machine lacks something, or grants too little.
var machineFaults = []syscall.Errno{
	syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EACCES, syscall.EPERM,
}

// unlessOfMachine makes an error of the machine store.ErrUnavailable and leaves others as they are. The engine has only words for
// them, which are those of the operating system.
func unlessOfMachine(err error) error {
	if err == nil || errors.Is(err, store.ErrUnavailable) {
		return err
	}
	text := strings.ToLower(err.Error())
	for _, fault := range machineFaults {
		if errors.Is(err, fault) || strings.Contains(text, fault.Error()) {
			return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
		}
	}
	return err
}
