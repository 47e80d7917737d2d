"""Models written in the forms in which they run on phones and in browsers."""
