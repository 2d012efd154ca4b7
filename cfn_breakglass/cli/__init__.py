"""One module per command; each imports what it needs when it runs, so that no command pays for another."""
