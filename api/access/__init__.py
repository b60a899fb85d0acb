"""Who may come in: nobody is asked on loopback; elsewhere a key is, in a header or, for the page, behind a cookie."""
