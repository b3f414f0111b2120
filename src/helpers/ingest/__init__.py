"""From received files to checked answers."""
