"""Who deploys the templates, and how they get to every region."""
