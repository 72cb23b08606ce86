"""What each page says: from an answer of the desk to what its template needs; pure."""
