"""What only SQL can do: words to search by, what is kept of prices and reviews, and stock that nobody oversells."""
