"""Mail that attacks whoever opens it, made here: by name, each with what it tries."""
