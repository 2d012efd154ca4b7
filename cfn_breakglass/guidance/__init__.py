"""What a person should know about the generated files: warnings, who cannot get in, and what to do next."""
