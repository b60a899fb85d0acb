"""Who may come in: on loopback nobody is asked; elsewhere a key or a token, or the cookie that the page got for one."""
