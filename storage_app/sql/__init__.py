"""What the database itself knows of files."""
