// Package cli has the commands of the program that are thin clients of a running server.
package cli

// Management are the middleware's management commands, by the names and with the flags that cron lines have.
type Management struct {
	ChannelSorting   channelSorting   `cmd:"" name:"create_channel_sorting_by_popularity" group:"Management commands" help:"Rank all channels by popularity and keep the sorting."`
	ChannelSelection channelSelection `cmd:"" name:"create_channel_selection_by_popularity" group:"Management commands" help:"Choose the most popular channels and keep the selection."`
	EPGSelection     epgSelection     `cmd:"" name:"create_epg_selection_by_popularity" group:"Management commands" help:"Choose the most popular programmes and keep the selection."`
}

// Import has the commands that bring in what other systems have.
type Import struct {
	Viewing Viewing `cmd:"" help:"Stream the viewing in a file, of history from another system, to a running server."`
	XMLTV   XMLTV   `cmd:"" name:"xmltv" help:"Push the channels and programmes of an XMLTV guide to a running server."`
}
