"""DynamoDB: its client and table, the expressions of its requests, and the books in it."""
