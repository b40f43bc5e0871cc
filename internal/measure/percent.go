package measure

// Percent is what share part is of whole, 0 where there is no whole.
func Percent[N int64 | float64](part, whole N) float64 {
	if whole == 0 {
		return 0
	}
	return 100 * float64(part) / float64(whole)
}
