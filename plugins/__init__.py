"""The plugins that come with odebench: one method, or one family of problems, a file."""
