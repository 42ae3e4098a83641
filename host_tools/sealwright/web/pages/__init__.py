"""Pages for people, written here and readable without JavaScript: a handler each."""
