package mongodb

import (
	"encoding/binary"
	"errors"
)

// packed is rows of numbers as rollups keep them: varints, the first one of each row as the difference to that of the row
// before. Where the rows ascend, nearly all of them are short.
type packed struct {
	code   []byte
	before int64
}

func (p *packed) add(first int64, more ...int64) {
	p.code = binary.AppendVarint(p.code, first-p.before)
	p.before = first
	for _, number := range more {
		p.code = binary.AppendVarint(p.code, number)
	}
}

var errCut = errors.New("the numbers of a rollup end in the middle")

// unpack calls use with each row of so many numbers, in one slice that belongs to it.
func unpack(code []byte, width int, use func(row []int64)) error {
	row := make([]int64, width)
	before := int64(0)
	for len(code) > 0 {
		for i := range row {
			number, n := binary.Varint(code)
			if n <= 0 {
				return errCut
			}
			row[i], code = number, code[n:]
		}
		before += row[0]
		row[0] = before
		use(row)
	}
	return nil
}
