"""New editions: what the publisher's API has that is not held yet."""
