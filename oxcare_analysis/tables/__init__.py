"""Tables: raw text is read, checked and saved as clean tables; and loaded again."""
