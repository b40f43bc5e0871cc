package simulate

// genres describes the programmes of each category; the titles are made up.
var genres = map[int32]genre{
	general: {shortest: 20 * minute, longest: 90 * minute, titles: []string{
		"Round the Table", "The Journal", "Harbour Lights, episode %d", "The Long Table", "Fair Deal",
		"Journal Extra", "The Doctor Is Out, episode %d", "Open Stage", "Seven Questions", "Neighbours' Court",
		"The Bridge Keeper, episode %d", "Home Again", "Letters to the Editor", "The Weather at Length",
	}},
	children: {shortest: 10 * minute, longest: 30 * minute, titles: []string{
		"Otto the Otter, episode %d", "Buttons and Bows", "The Counting Crew", "Captain Pancake, episode %d",
		"Moonbear and Friends", "Dragon Post, episode %d", "Paint It Yourself", "The Snail Race", "Why Is That?",
		"Tilda and the Wind, episode %d", "Songs for Small Feet",
	}},
	news: {shortest: 15 * minute, longest: 60 * minute, titles: []string{
		"The Hour", "World in Brief", "Markets Today", "Correspondents", "The Interview", "Press Review",
		"Questions to the Minister", "Weather and Traffic", "The Week Ahead", "Fact by Fact", "Special Edition",
	}},
	sport: {shortest: 30 * minute, longest: 150 * minute, titles: []string{
		"Football: League, matchday %d", "Ice Hockey: Game of the Week", "Tennis: Centre Court", "Cycling: the Mountain Stage",
		"Studio Sport", "Handball: Cup Tie", "Motor Racing: Qualifying", "Goals of the Week", "Athletics: Grand Meeting",
		"Basketball: Game %d", "Biathlon: Pursuit", "Classic Matches",
	}},
	film: {shortest: 40 * minute, longest: 150 * minute, titles: []string{
		"The Lighthouse Ledger", "Snow on the Line", "Eleven Minutes to Midnight", "A House in the Reeds", "The Last Ferry",
		"Inspector Maar, episode %d", "Borrowed Shoes", "The Cartographer's Wife", "Salt and Iron", "Midsummer Accounts",
		"The Quiet Floor, episode %d", "Two Tickets North", "Glass Harbour", "The Understudy", "Platform Nine, episode %d",
		"A Year of Sundays", "The Clockmaker",
	}},
	music: {shortest: 20 * minute, longest: 90 * minute, titles: []string{
		"Top Thirty", "Slow Hour", "Live from the Cellar", "One Record, One Story", "Encore", "Choirs of the North",
		"Dance Floor", "Guitars", "The Requests", "Symphony", "Unplugged",
	}},
	knowledge: {shortest: 25 * minute, longest: 75 * minute, titles: []string{
		"Rivers from Source to Sea", "The Bone Detectives, episode %d", "How a Bridge Stands", "Stars for Beginners",
		"Kings and Clerks", "The Beekeeper's Year", "Under the Ice", "Lost Railways, episode %d", "What the Soil Knows",
		"The Great Workshops", "Soup and Stone", "Islands, episode %d",
	}},
}
