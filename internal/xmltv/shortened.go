package xmltv

import "io"

// maxRun is how many bytes in a row, without a bracket, are read whole: of a text, or of a tag with its attributes. Of longer
// ones, descriptions with a picture inside for example, the rest is passed over.
const maxRun = 64 << 10

// maxToken bounds what is kept of a token, whose brackets and quotes are never passed over.
const maxToken = 4 << 20

// shortened skips what is too much of a text or of a tag. It keeps what ends tokens, and ends of lines, so that lines
// are still counted right.
type shortened struct {
	in  io.Reader
	run int // bytes since the last bracket
}

// Read reads and shortens.
func (s *shortened) Read(p []byte) (int, error) {
	for {
		n, err := s.in.Read(p)
		kept := p[:0]
		for _, b := range p[:n] {
			s.run++
			if b == '<' || b == '>' {
				s.run = 0
			}
			if s.run <= maxRun || ends(b) {
				kept = append(kept, b)
			}
		}
		if len(kept) > 0 || err != nil || len(p) == 0 {
			return len(kept), err
		}
	}
}

// ends reports whether a byte may end a token, an attribute or a line.
func ends(b byte) bool {
	switch b {
	case '"', '\'', '-', ']', '/', '\n':
		return true
	default:
		return false
	}
}
