"""What a person should know beside the templates: warnings, who is locked out, what to do next."""
