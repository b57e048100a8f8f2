"""The manners of the JSON API, the same for every app: problems, pages, parsing, request ids, the schema."""
