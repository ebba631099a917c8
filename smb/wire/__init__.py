"""Values to bytes and back; knows no command."""
