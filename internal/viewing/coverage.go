package viewing

// Coverage says how much of the viewing of its time a figure was computed from. The numbers are the contract's: never renumber.
type Coverage uint8

// The coverages.
const (
	Complete    Coverage = 1
	Provisional Coverage = 2 // the time ended too lately for all reports to be there
	Expired     Coverage = 3 // some of it is gone, and no figure was kept of it
)
