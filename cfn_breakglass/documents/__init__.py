"""Files for people: documents in blocks, written as Markdown or HTML."""
