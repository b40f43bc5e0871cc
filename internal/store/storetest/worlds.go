package storetest

import "os"

// worldsVariable has tests go through all of their random worlds where it is "all", as `make worlds` sets it. Elsewhere they go
// through a few: a wrong figure is wrong in most worlds, and `go test` is to take minutes.
const worldsVariable = "TVSTATS_TEST_WORLDS"

// Whole reports whether tests are to go through all of their random worlds.
func Whole() bool { return os.Getenv(worldsVariable) == "all" }

// Seeds are those of n random worlds, 0 to n - 1, or the last of them alone.
func Seeds(n int) []uint64 {
	seeds := make([]uint64, n)
	for i := range seeds {
		seeds[i] = uint64(i)
	}
	if Whole() {
		return seeds
	}
	return seeds[n-1:]
}

// Rounds is how often something random is repeated: n times, or a quarter as often and at least once.
func Rounds(n int) int {
	if Whole() {
		return n
	}
	return (n + 3) / 4
}
