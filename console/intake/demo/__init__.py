"""A demo bank: accounts, their history and a day's checks, drawn, written as an X9.100-187 file, with the truth."""
