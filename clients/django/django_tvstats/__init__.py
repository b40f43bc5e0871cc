"""tvstats for Django: the catalog is pushed when it is saved, and what was built of it is read back."""
