// Package cli has the commands of the program that are thin clients of a running server.
package cli

// Management are the middleware's management commands, by the names and with the flags that cron lines have.
type Management struct {
	ChannelSorting   channelSorting   `cmd:"" name:"create_channel_sorting_by_popularity" group:"Management commands" help:"Rank all channels by popularity and keep the sorting."`
	ChannelSelection channelSelection `cmd:"" name:"create_channel_selection_by_popularity" group:"Management commands" help:"Choose the most popular channels and keep the selection."`
	EPGSelection     epgSelection     `cmd:"" name:"create_epg_selection_by_popularity" group:"Management commands" help:"Choose the most popular programmes and keep the selection."`

	CacheMaxOnline        cacheMaxOnline        `cmd:"" name:"cache_max_online" group:"Management commands" help:"Find the greatest numbers online of the days that may have changed."`
	SaveStats             saveStats             `cmd:"" name:"save_stats" group:"Management commands" help:"Keep a snapshot of the dashboard's figures."`
	CollectDailyStats     collectDailyStats     `cmd:"" name:"collect_daily_stats" group:"Management commands" help:"Record each day that has ended and has no record yet."`
	CacheCustomersDynamic cacheCustomersDynamic `cmd:"" name:"cache_customers_dynamic" group:"Management commands" help:"Compute the hourly series behind the charts."`
}

// Import has the commands that bring in what other systems have.
type Import struct {
	Viewing Viewing      `cmd:"" help:"Stream the viewing in a file, of history from another system, to a running server."`
	Catalog Catalog      `cmd:"" help:"Push channels, categories, tariffs, accounts and payments from CSV files to a running server."`
	XMLTV   xmltvCommand `cmd:"" name:"xmltv" help:"Push the channels and programmes of an XMLTV guide to a running server."`
}
